import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { letterLines, progressLine, wholeLetterLines } from './dlq-text.ts'

const LETTER = {
  ...{ id: 'a-1-dead', service: 'demo', session: 'a', msgId: 1, route: 'demo.fail', reason: '3 attempts failed', error: 'Error: broken' },
  ...{ attempts: 3, deadAt: 0, bytes: 11, replays: 2, lastReplay: 'failed' },
}

describe('dead letters as text', () => {
  test('have a line each, and on a narrow terminal one more for the error', () => {
    assert.deepEqual(letterLines([], 0), ['no dead letters'])
    assert.deepEqual(letterLines([LETTER], 60_000, 140), [
      'ID        SERVICE  ROUTE      AGE   TRIES  BYTES  REPLAYS   ERROR',
      'a-1-dead  demo     demo.fail  60 s      3     11  2 failed  Error: broken',
    ])
    assert.deepEqual(letterLines([LETTER], 60_000, 80).slice(1), [
      'a-1-dead  demo     demo.fail  60 s      3     11  2 failed',
      '  Error: broken',
    ])
  })

  test('show all that is known of one, and nothing that steers the terminal', () => {
    const { error: _, ...letter } = LETTER
    const errors = [
      { at: 0, worker: 'wk-1', error: 'Error: \u001b[31mbroken', attempt: 1, trace: '    at one\n    at two\n    at three\n    at four' },
    ]
    const result = { bytes: 2, payload: 42 }
    const replay = { n: 1, at: 0, by: 'ann', reason: 'mended', route: 'echo', outcome: 'answered', pushed: 'sessionGone', result }
    const lines = wholeLetterLines({ ...letter, headers: { causeway: '1;1' }, payload: { order: 5 }, errors, replays: [replay] })
    const text = lines.join('\n')
    assert.ok(!text.includes('\u001b'))
    for (const part of [
      '  {"order":5}',
      'at three',
      'replay 1: answered, push: sessionGone',
      'by ann: mended; its payload to echo',
      'result, 2 bytes: 42',
    ])
      assert.ok(text.includes(part), `${part} in:\n${text}`)
    assert.ok(!text.includes('at four'))
  })

  test('tell the progress of a replay in one line', () => {
    const batch = {
      id: 'b',
      at: 0,
      by: 'ann',
      reason: 'x',
      state: 'cancelled',
      total: 9,
      done: 3,
      failed: 1,
      cancelled: 2,
      refused: 1,
      waiting: 2,
      refusals: {},
    }
    assert.equal(progressLine(batch), 'cancelled: 3 of 9 answered, 1 failed, 2 waiting, 2 cancelled, 1 refused')
  })
})
