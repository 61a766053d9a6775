import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { backoffMs, type RetryOptions, retryPolicy } from './retry-policy.ts'

describe('a retry policy', () => {
  test('has five attempts from 200 ms to 30 s unless it says otherwise', () => {
    assert.deepEqual(retryPolicy(), { attempts: 5, minMs: 200, maxMs: 30_000, jitter: 0.5 })
    assert.deepEqual(retryPolicy({ attempts: 1, min: '1s', max: '2m', jitter: 0 }), {
      attempts: 1,
      minMs: 1_000,
      maxMs: 120_000,
      jitter: 0,
    })
  })

  const wrong: [RetryOptions, RegExp][] = [
    [{ attempts: 0 }, /^retry\.attempts is 0/],
    [{ attempts: 1.5 }, /^retry\.attempts is 1\.5/],
    [{ jitter: -0.1 }, /^retry\.jitter is -0\.1/],
    [{ jitter: 1.1 }, /^retry\.jitter is 1\.1/],
    [{ jitter: Number.NaN }, /^retry\.jitter is NaN/],
    [{ min: 'soon' }, /^retry\.min is "soon"/],
    [{ max: -5 }, /^retry\.max is -5/],
    [{ min: '2s', max: '1s' }, /^retry\.max \(1000 ms\) is below retry\.min \(2000 ms\)/],
  ]
  for (const [options, message] of wrong) {
    test(`with ${JSON.stringify(options)} is refused by the name of the option`, () => {
      assert.throws(() => retryPolicy(options), { name: 'TypeError', message })
    })
  }
})

describe('the back-off', () => {
  const policy = retryPolicy({ min: 100, max: 1_000, jitter: 0.5 })

  test('doubles from min to max', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 50, 5_000].map(attempt => backoffMs(policy, attempt, 0)),
      [100, 200, 400, 800, 1_000, 1_000, 1_000],
    )
  })

  test('gives up to its jitter to chance, never more', () => {
    assert.equal(backoffMs(policy, 3, 0.5), 300)
    assert.equal(backoffMs(policy, 3, 1), 200)
    assert.equal(backoffMs(retryPolicy({ min: 100, jitter: 1 }), 1, 1), 0)
  })

  test('is exact without jitter, whatever chance says', () => {
    assert.equal(backoffMs(retryPolicy({ min: 50, max: 50, jitter: 0 }), 9, 0.99), 50)
  })
})
