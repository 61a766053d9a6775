// What only BullMQ has: a job beside what is stored, which may be missing.

import assert from 'node:assert/strict'
import { connectRedis, DEFAULT_PREFIX } from '@causeway/redis'
import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { backendTest } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { BullmqQueues } from './bullmq-queues.ts'
import { BullmqReplayWorker } from './bullmq-replay-worker.ts'
import { BATCHES_KEPT, BEGIN_MS } from './dead-letters-limits.ts'
import { lettersOf } from './fixture.conformance.ts'
import { RedisReplayBatches } from './replay-batches-redis.ts'
import { ANSWERED, buried, endedReplays, order, replayRunner } from './replay-fixture.conformance.ts'
import { RedisReplays, replayJobId } from './replays-redis.ts'
import { openBullmqRetries } from './retries-bullmq.ts'

backendTest(
  'a replay without a job gets one, and a letter removed on the board is listed no more',
  { redis: true },
  async (t, { redis }) => {
    const prefix = `${DEFAULT_PREFIX}-${uniqueName('test')}`
    const options = { url: `redis://${redis}`, prefix, logger: silentLogger }
    const connection = connectRedis(options, 'test', true)
    const [sessions, retries] = [await openRedisSessions(options), await openBullmqRetries(options)]
    const queues = new BullmqQueues(connection, options)
    t.after(async () => {
      await queues.close()
      connection.disconnect()
      await retries.close()
      await sessions.close()
    })
    const { failing, letters } = await buried(retries, sessions, 2)
    await retries.deadLetters.replay(order(), letters)
    const [first, second] = letters as [(typeof letters)[0], (typeof letters)[0]]
    const jobs = queues.of(failing.service, 'replays')
    await jobs.remove(replayJobId(first.id, 1))
    // due for so long that whoever began it must have died
    await connection.zadd(`${prefix}:dead-open:${failing.service}`, 1, first.id)
    const { runner, runs } = replayRunner(async () => ANSWERED)
    const worker = await new BullmqReplayWorker({
      ...{ connection, queues, runner, service: failing.service, concurrency: 4, sweepMs: 50, logger: silentLogger },
      replays: new RedisReplays(connection, prefix, queues),
      letter: async (service, id) => retries.deadLetters.get({ service, id }),
    }).start()
    t.after(() => worker.close(1_000))
    await endedReplays(retries, first, 1)
    await endedReplays(retries, second, 1)
    assert.equal(runs.length, 2)

    await queues.of(failing.service, 'dead').remove(second.id)
    await until(async () => (await lettersOf(retries, failing.service)).length === 1)
    assert.deepEqual(await retries.deadLetters.discard([second]), ['missing'])
  },
)

backendTest('a replay that begins while it is being cancelled goes on', { redis: true }, async (t, { redis }) => {
  const prefix = `${DEFAULT_PREFIX}-${uniqueName('test')}`
  const options = { url: `redis://${redis}`, prefix, logger: silentLogger }
  const connection = connectRedis(options, 'test', true)
  const [sessions, retries] = [await openRedisSessions(options), await openBullmqRetries(options)]
  const queues = new BullmqQueues(connection, options)
  const replays = new RedisReplays(connection, prefix, queues)
  t.after(async () => {
    await queues.close()
    connection.disconnect()
    await retries.close()
    await sessions.close()
  })
  const { letters } = await buried(retries, sessions)
  const [{ service, id }] = letters as [(typeof letters)[0]]
  await retries.deadLetters.replay(order(), letters)
  const [seen] = await replays.opens(service, [id])
  assert.deepEqual([seen!.n, seen!.isBegun], [1, false])
  const record = (await replays.start(service, id, 1))!
  assert.equal(await replays.settle(service, id, 1, { ...record, outcome: 'cancelled' }, seen!.open), false)
  assert.equal(await replays.settle(service, id, 1, { ...record, outcome: 'answered' }), true)
  assert.equal(await replays.settle(service, id, 1, { ...record, outcome: 'failed' }), false)
  assert.equal(await replays.start(service, id, 1), undefined)
  assert.deepEqual(
    (await replays.of(service, id)).map(({ outcome }) => outcome),
    ['answered'],
  )
})

backendTest('a batch whose beginner died in the middle says so', { redis: true }, async (t, { redis }) => {
  const options = { url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger }
  const connection = connectRedis(options, 'test', true)
  t.after(() => connection.disconnect())
  const batches = new RedisReplayBatches(connection, options.prefix)
  await batches.create('young', Date.now(), 1, order())
  await batches.create('old', Date.now() - BEGIN_MS - 1, 1, order())
  await batches.create('sealed', Date.now() - BEGIN_MS - 1, 1, order())
  await batches.seal('sealed', 0)
  const states = (await batches.list()).map(({ id, state }) => `${id} ${state}`)
  assert.deepEqual(states.toSorted(), ['old incomplete', 'sealed running', 'young running'])
})

backendTest('old batches are forgotten, and what is left of them does not run unedited', { redis: true }, async (t, { redis }) => {
  const options = { url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger }
  const connection = connectRedis(options, 'test', true)
  t.after(() => connection.disconnect())
  const batches = new RedisReplayBatches(connection, options.prefix)
  for (let n = 0; n <= BATCHES_KEPT; n++) {
    await batches.create(`b${n}`, n + 1, 0, order({ edit: { route: 'echo' } }))
    await batches.seal(`b${n}`, 0)
  }
  assert.equal((await batches.list()).length, BATCHES_KEPT)
  assert.deepEqual([await batches.edit('b0'), await batches.edit('b1')], [undefined, { route: 'echo' }])
})
