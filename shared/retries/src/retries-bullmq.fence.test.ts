// The fence reads what the registry keeps in the same Redis; embedded there is one process and nothing to fence.
import assert from 'node:assert/strict'
import { connectRedis, holdersKey } from '@causeway/redis'
import { openRedisSessions } from '@causeway/sessions/redis'
import { silentLogger } from '@causeway/telemetry'
import { backendTest } from '@causeway/test-backends'
import { uniqueName } from '@causeway/testing'
import { failingSession, message } from './fixture.conformance.ts'
import { openBullmqRetries } from './retries-bullmq.ts'

backendTest('a worker makes no heads and parks nothing in a partition that another holds', { redis: true }, async (_t, { redis }) => {
  const options = { url: `redis://${redis}`, prefix: uniqueName('fence'), logger: silentLogger }
  const [sessions, retries, store] = [await openRedisSessions(options), await openBullmqRetries(options), connectRedis(options, 'test')]
  const failing = await failingSession(sessions)
  const [late, present] = [
    { worker: 'wk-late', partition: 3 },
    { worker: 'wk-present', partition: 3 },
  ]
  await store.hset(holdersKey(options.prefix, failing.service), '3', present.worker)
  assert.equal(await retries.retry(message(failing, 1), 60_000, true, late), 'lost')
  assert.equal(await retries.retry(message(failing, 1), 60_000, false, late), 'lost')
  assert.deepEqual(await retries.park([message(failing, 2), message(failing, 3)], present), ['go', 'go'])
  assert.equal(await retries.retry(message(failing, 1), 60_000, true, present), 'kept')
  assert.deepEqual(await retries.park([message(failing, 2), message(failing, 3)], late), ['lost', 'lost'])
  assert.deepEqual(await retries.park([message(failing, 2)], { worker: 'wk-late', partition: 4 }), ['parked'])
  assert.deepEqual(await retries.counts(failing.service), { retrying: 1, parked: 1, dead: 0 })
  await store.quit()
  await retries.close()
  await sessions.close()
})
