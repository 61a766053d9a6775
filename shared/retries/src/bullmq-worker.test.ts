import assert from 'node:assert/strict'
import { connectRedis, DEFAULT_PREFIX } from '@causeway/redis'
import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { backendTest } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { Queue } from 'bullmq'
import { BullmqRetryWorker } from './bullmq-worker.ts'
import { failingSession, message } from './fixture.conformance.ts'
import { RedisParking } from './parking-redis.ts'
import type { RetryMessage } from './retries.ts'
import { openBullmqRetries } from './retries-bullmq.ts'
import type { RetryJob } from './retry-job.ts'

/** What only BullMQ has: a close that waits without end, and a sweep for heads whose jobs are gone. */

backendTest('closes within its time though a run hangs, and tells the run', { redis: true }, async (t, { redis }) => {
  const options = { url: `redis://${redis}`, prefix: uniqueName('test'), logger: silentLogger }
  const sessions = await openRedisSessions(options)
  const retries = await openBullmqRetries(options)
  const failing = await failingSession(sessions)
  const hanging = Promise.withResolvers<void>()
  let signal: AbortSignal | undefined
  const worker = await retries.work(
    failing.service,
    {
      async run(_message, lease) {
        signal = lease?.signal
        await hanging.promise
        return { kind: 'finished', parked: 'cleared' }
      },
    },
    1,
  )
  let closing: Promise<void> | undefined
  t.after(async () => {
    hanging.resolve()
    await closing
    await worker.close(5_000)
    await retries.close()
    await sessions.close()
  })
  await retries.retry(message(failing, 1), 0, true)
  await until(() => signal !== undefined)
  let closed = false
  closing = worker.close(50).then(() => {
    closed = true
  })
  await until(() => closed, { timeoutMs: 2_000, what: 'the close' })
  assert.equal(signal?.aborted, true)
})

backendTest(
  'schedules a head without a job again by its own message, not by an older one parked with it',
  { redis: true },
  async (t, { redis }) => {
    const prefix = `${DEFAULT_PREFIX}-${uniqueName('test')}`
    const options = { url: `redis://${redis}`, prefix, logger: silentLogger }
    const connection = connectRedis(options, 'test', true)
    const sessions = await openRedisSessions(options)
    const failing = await failingSession(sessions)
    const parking = new RedisParking(connection, prefix)
    const queue = new Queue<RetryJob>(`${failing.service}-retries`, { connection, prefix: `${prefix}:bull` })
    await parking.setHead(message(failing, 5), '')
    await parking.park([message(failing, 3)])
    const scheduled: RetryMessage[] = []
    const worker = new BullmqRetryWorker({
      ...{
        queue,
        connection,
        prefix: `${prefix}:bull`,
        parking,
        service: failing.service,
        concurrency: 1,
        sweepMs: 10,
        logger: silentLogger,
      },
      runner: { run: async () => assert.fail('nothing is due') },
      schedule: async given => void scheduled.push(given),
    })
    t.after(async () => {
      await worker.close(1_000)
      await queue.close()
      await sessions.close()
      connection.disconnect()
    })
    await until(() => scheduled.length > 0)
    assert.equal(scheduled[0]!.msgId, 5)
  },
)
