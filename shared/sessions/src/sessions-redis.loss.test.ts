// A Redis of its own that is killed and comes back with an older state: what a fail-over to a replica behind, or a machine crash under appendfsync everysec, leaves.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { type Backend, backendTest, startRedis } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { Redis } from 'ioredis'
import { answer, openSession, outboxOf, recordingGateway, renewal, resumed, resumption } from './fixture.conformance.ts'
import { openRedisSessions } from './sessions-redis.ts'

/** A server whose state can be kept, and brought back after later writes. */
async function forgetfulStore() {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-loss-'))
  let server: Backend = await startRedis({ dataDir })
  const port = Number(server.address.split(':')[1])
  const url = `redis://${server.address}`
  const sessions = await openRedisSessions({ url, prefix: uniqueName('loss'), logger: silentLogger })
  return {
    sessions,
    async keep() {
      const admin = new Redis(url)
      await admin.save()
      await admin.quit()
    },
    /** Another server on the same port: with what was kept last, all later writes lost. */
    async restart() {
      await server[Symbol.asyncDispose]()
      server = await startRedis({ dataDir, port })
      await until(async () =>
        sessions.ping().then(
          () => true,
          () => false,
        ),
      )
    },
    async [Symbol.asyncDispose]() {
      await sessions.close()
      await server[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true })
    },
  }
}

const redisTest = (name: string, run: () => Promise<void>): void => backendTest(name, { redis: true }, run)

describe('sessions in a Redis that comes back', () => {
  redisTest('gives no delivery before the gateway has confirmed the session, then goes on where nothing was lost', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const { handlers, events } = recordingGateway()
    const gateway = uniqueName('gateway')
    const listening = await sessions.listen(gateway, handlers)
    const session = await openSession(sessions, gateway)
    await sessions.finish([answer(session, 1)])
    await store.keep()
    await store.restart()
    assert.deepEqual(await sessions.finish([answer(session, 2)]), [{ status: 'failed' }])
    await until(() => events.includes('store changed'))
    assert.deepEqual(await sessions.renew([renewal(session, { highestSeq: 1 })]), ['ok'])
    assert.deepEqual(await sessions.finish([answer(session, 2)]), [{ status: 'done' }])
    assert.deepEqual(await outboxOf(sessions, session), [
      [1, 'answer 1'],
      [2, 'answer 2'],
    ])
    assert.equal((await resumed(sessions, resumption(session, { lastSeq: 1 }))).recovered, true)
    await listening.close()
  })

  redisTest('says wentBack where a delivery is lost, and gives its number to no other', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    await store.keep()
    await sessions.finish([answer(session, 2)])
    await store.restart()
    // what would have filled the lost number again
    assert.deepEqual(await sessions.finish([answer(session, 3, 2)]), [{ status: 'failed' }])
    assert.deepEqual(await sessions.renew([renewal(session, { highestSeq: 2 })]), ['wentBack'])
    assert.deepEqual(await sessions.finish([answer(session, 3, 2)]), [{ status: 'expired' }])
    const state = await resumed(sessions, resumption(session, { lastSeq: 2 }))
    assert.deepEqual([state.recovered, state.seq], [false, 2])
    assert.notEqual(state.incarnation, session.incarnation)
  })

  redisTest('tells a session without a gateway that it may have lost something, once another was found to have', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const [held, alone, resumedFirst] = [await openSession(sessions), await openSession(sessions), await openSession(sessions)]
    await store.keep()
    await sessions.finish([answer(held, 1), answer(alone, 1)])
    await store.restart()
    assert.equal((await resumed(sessions, resumption(resumedFirst))).recovered, true)
    assert.deepEqual(await sessions.renew([renewal(held, { highestSeq: 1 })]), ['wentBack'])
    assert.equal((await resumed(sessions, resumption(alone))).recovered, false)
    // until the client has been heard after it was told
    const { epoch } = await resumed(sessions, resumption(alone))
    await sessions.renew([renewal(alone, { epoch, greeted: false })])
    assert.equal((await resumed(sessions, resumption(alone))).recovered, false)
    await sessions.renew([renewal(alone, { epoch: epoch + 1 })])
    assert.equal((await resumed(sessions, resumption(alone))).recovered, true)
  })

  redisTest('goes on without a gateway that confirms after a while, and says so at the resume', async () => {
    await using store = await forgetfulStore()
    const { sessions } = store
    const session = await openSession(sessions)
    await sessions.finish([answer(session, 1)])
    await store.keep()
    await store.restart()
    await until(async () => (await sessions.finish([answer(session, 2)]))[0]!.status === 'done', { timeoutMs: 10_000 })
    const state = await resumed(sessions, resumption(session, { lastSeq: 1 }))
    assert.equal(state.recovered, false)
    assert.ok(state.seq > 1_000_000, `seq ${state.seq} is beyond any number that was given before`)
    // what the client could not acknowledge must not count against its window
    assert.equal(state.acknowledged, state.seq - 1)
  })
})
