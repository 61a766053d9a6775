import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffDelay } from './backoff.ts'

const BOUNDS = { min: 500, max: 20_000 }

test('the longest wait doubles from min to max and stays there', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 1_000].map(attempt => backoffDelay(attempt, BOUNDS, () => 1 - Number.EPSILON))
  assert.deepEqual(longest, [499, 999, 1_999, 3_999, 7_999, 15_999, 19_999, 19_999, 19_999])
})

test('the wait is drawn from nothing up to the longest', () => {
  assert.equal(
    backoffDelay(3, BOUNDS, () => 0),
    0,
  )
  assert.equal(
    backoffDelay(3, BOUNDS, () => 0.5),
    2_000,
  )
})
