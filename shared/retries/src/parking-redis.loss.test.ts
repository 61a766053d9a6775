// A Redis of its own that is killed and comes back without its last writes, as after a fail-over to a replica that was behind.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'node:test'
import { connectRedis, headsKey } from '@causeway/redis'
import type { RenewStatus } from '@causeway/sessions'
import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { type Backend, backendTest, startRedis } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { type FailingSession, failingSession, message } from './fixture.conformance.ts'
import { ALL_BUCKETS, RedisParking } from './parking-redis.ts'
import type { Retries } from './retries.ts'
import { openBullmqRetries } from './retries-bullmq.ts'

/** A store whose state can be kept, and brought back after later writes; two processes use it, a gateway's sessions and a worker's retries. */
async function forgetfulStore() {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-loss-'))
  let server: Backend = await startRedis({ dataDir })
  const port = Number(server.address.split(':')[1])
  const options = { url: `redis://${server.address}`, prefix: uniqueName('loss'), logger: silentLogger }
  const [sessions, retries, redis] = [await openRedisSessions(options), await openBullmqRetries(options), connectRedis(options, 'test')]
  return {
    ...{ sessions, retries, redis, prefix: options.prefix },
    async keep() {
      await redis.save()
    },
    async restart() {
      await server[Symbol.asyncDispose]()
      server = await startRedis({ dataDir, port })
      await until(async () =>
        retries.ping().then(
          () => true,
          () => false,
        ),
      )
    },
    /** What the gateway is told of a session with two messages under way, once it knows the server. */
    async renewed({ session, bucket, incarnation }: FailingSession): Promise<RenewStatus> {
      const marks = { acknowledged: 0, storedMark: 2, storedCount: 2, highestSeq: 0, admitted: 2, expiresAt: 0 }
      return (await sessions.renew([{ session, bucket, incarnation, epoch: 1, ...marks, greeted: true }]))[0]!
    },
    /** Whether a session is confirmed to the server of now: then each loss that anybody can know of is known, and told. */
    async confirmed({ session, bucket, incarnation }: FailingSession): Promise<boolean> {
      const frame = new Uint8Array([0])
      return (await sessions.finish([{ kind: 'push', session, bucket, incarnation, frame }]))[0]!.status === 'done'
    },
    async [Symbol.asyncDispose]() {
      await retries.close()
      await sessions.close()
      redis.disconnect()
      await server[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true })
    },
  }
}

const redisTest = (name: string, run: () => Promise<void>): void => backendTest(name, { redis: true }, run)

describe('retries in a Redis that comes back', () => {
  const kept: [string, (retries: Retries, failing: FailingSession) => Promise<unknown>][] = [
    ['a head', (retries, failing) => retries.retry(message(failing, 1), 60_000, true)],
    ['a retry without order', (retries, failing) => retries.retry(message(failing, 1), 60_000, false)],
  ]
  for (const [what, keep] of kept) {
    redisTest(`${what} that is lost is told`, async () => {
      await using store = await forgetfulStore()
      const failing = await failingSession(store.sessions)
      await store.keep()
      await keep(store.retries, failing)
      await store.restart()
      await until(async () => (await store.renewed(failing)) === 'lost')
    })
  }

  redisTest('a parked message that is lost is told, its head being there', async () => {
    await using store = await forgetfulStore()
    const failing = await failingSession(store.sessions)
    await store.retries.retry(message(failing, 1), 60_000, true)
    await store.keep()
    assert.deepEqual(await store.retries.park([message(failing, 2)]), ['parked'])
    await store.restart()
    await until(async () => (await store.renewed(failing)) === 'lost')
    assert.deepEqual(await store.retries.counts(failing.service), { retrying: 1, parked: 0, dead: 0 })
  })

  redisTest('nobody is told of a restart that lost nothing', async () => {
    await using store = await forgetfulStore()
    const failing = await failingSession(store.sessions)
    await store.retries.retry(message(failing, 1), 60_000, true)
    await store.retries.park([message(failing, 2)])
    await store.keep()
    await store.restart()
    await until(async () => {
      assert.equal(await store.renewed(failing), 'ok')
      return await store.confirmed(failing)
    })
    assert.equal(await store.renewed(failing), 'ok')
  })

  redisTest('a head whose own message is through, as a store leaves it that went back, gives way to what is parked behind it', async () => {
    await using store = await forgetfulStore()
    const failing = await failingSession(store.sessions)
    const { service, session, bucket } = failing
    const parking = new RedisParking(store.redis, store.prefix)
    await parking.setHead(message(failing, 1), '')
    await parking.claim(message(failing, 1), 'runner')
    await parking.park([message(failing, 2)])
    await store.redis.zremrangebyscore(`${store.prefix}:{${bucket}}:k:${service}:${session}`, 1, 1)
    const [head] = await parking.heads(service, ALL_BUCKETS)
    const next = await parking.message(service, head!)
    assert.equal(next?.msgId, 2)
    assert.equal(await parking.setHead(next, head!.token), 'head')
    await store.redis.del(`${store.prefix}:{${bucket}}:k:${service}:${session}`)
    assert.equal(await parking.message(service, (await parking.heads(service, ALL_BUCKETS))[0]!), undefined)
    assert.equal(await store.redis.exists(headsKey(store.prefix, bucket, service)), 0)
  })
})
