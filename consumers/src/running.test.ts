import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import type { AttemptOutcome } from './execution.ts'
import { DEADLINE_TICK_MS } from './limits.ts'
import { contextOf, messageOf } from './messages.fixture.ts'
import { Running } from './running.ts'

const ANSWER: AttemptOutcome = { kind: 'answer', payload: new Uint8Array(0), codec: 0 }

describe('a running handler', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000 }))
  afterEach(() => mock.timers.reset())

  /** One with 100 ms left. */
  function handler() {
    const running = new Running()
    const context = contextOf(messageOf())
    const { signal } = context
    const result = Promise.withResolvers<AttemptOutcome>()
    return { running, signal, result, ended: running.watch(context, 1_100, result.promise) }
  }

  test('that returns in time gives its result, and its signal stays', async () => {
    const { running, signal, result, ended } = handler()
    assert.equal(running.size, 1)
    mock.timers.tick(75)
    result.resolve(ANSWER)
    assert.equal(await ended, ANSWER)
    assert.deepEqual([running.size, running.late, signal.aborted], [0, 0, false])
    mock.timers.tick(1_000)
    assert.equal(signal.aborted, false)
  })

  test('that its client cancels is aborted, and ends as cancelled; others go on', async () => {
    const { running, signal, ended } = handler()
    const other = contextOf(messageOf({ msgId: 2 }))
    void running.watch(other, 1_100, new Promise(() => {}))
    running.cancel('another', 1)
    running.cancel('s', 3)
    assert.equal(signal.aborted, false)
    running.cancel('s', 1)
    assert.deepEqual(await ended, { kind: 'cancelled' })
    assert.deepEqual([signal.aborted, (signal.reason as Error).message, other.signal.aborted], [true, 'its client has cancelled it', false])
  })

  test('is not cut short before its deadline', () => {
    const { running, signal } = handler()
    mock.timers.tick(99)
    assert.deepEqual([running.size, signal.aborted], [1, false])
  })

  test('past its deadline is aborted and counts as failed', async () => {
    const { running, signal, ended } = handler()
    mock.timers.tick(100 + DEADLINE_TICK_MS)
    const outcome = await ended
    assert.ok(outcome.kind === 'failed')
    assert.match((outcome.error as Error).message, /longer than its time-out/)
    assert.deepEqual([signal.aborted, signal.reason, running.size], [true, outcome.error, 0])
  })

  test('that returns after its deadline is counted as late and its result dropped', async () => {
    const { running, result, ended } = handler()
    mock.timers.tick(100 + DEADLINE_TICK_MS)
    result.resolve(ANSWER)
    assert.equal((await ended).kind, 'failed')
    await result.promise
    assert.equal(running.late, 1)
  })

  test('is aborted when the worker stops, and may still return', async () => {
    const { running, signal, result, ended } = handler()
    running.close()
    assert.match((signal.reason as Error).message, /the worker stops/)
    result.resolve(ANSWER)
    assert.equal(await ended, ANSWER)
  })
})
