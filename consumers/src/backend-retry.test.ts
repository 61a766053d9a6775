import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { retrying } from './backend-retry.ts'

const named = (name: string, message: string, fields: object = {}): Error => Object.assign(new Error(message), { name, ...fields })

/** What becomes of a call that fails so often with this error, its waits ended as they come. */
async function outcomeOf(error: Error, failures: number): Promise<{ result?: string; error?: unknown; calls: number }> {
  let calls = 0
  const outcome: { result?: string; error?: unknown } = {}
  let over = false
  const ended = retrying('a test', silentLogger, async () => {
    if (++calls <= failures) throw error
    return 'done'
  })
  ended
    .then(
      result => Object.assign(outcome, { result }),
      thrown => Object.assign(outcome, { error: thrown }),
    )
    .finally(() => {
      over = true
    })
  await until(() => {
    mock.timers.runAll()
    return over
  })
  return { ...outcome, calls }
}

describe('a call to a backend', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  const away = [
    named('MaxRetriesPerRequestError', 'Reached the max retries per request limit'),
    named('Error', 'connect ECONNREFUSED 127.0.0.1:6379', { code: 'ECONNREFUSED' }),
    new Error('Connection is closed.'),
    named('ReplyError', 'MISCONF Redis is configured to save RDB snapshots'),
    named('KafkaJSNonRetriableError', 'not connected', { cause: named('KafkaJSConnectionError', 'Connection timeout') }),
  ]
  for (const error of away) {
    test(`is made until it succeeds while the backend is away: ${error.message}`, async () => {
      assert.deepEqual(await outcomeOf(error, 40), { result: 'done', calls: 41 })
    })
  }

  test('that the backend refuses is given up after ten tries', async () => {
    const error = named('ReplyError', 'WRONGTYPE Operation against a key holding the wrong kind of value')
    assert.deepEqual(await outcomeOf(error, 40), { error, calls: 10 })
    assert.deepEqual(await outcomeOf(error, 9), { result: 'done', calls: 10 })
  })
})
