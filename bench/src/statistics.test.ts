import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LatencyHistogram, median, spread } from './statistics.ts'

describe('a median', () => {
  test('is the middle value, or the mean of the two in the middle, in whatever order they come', () => {
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(median([10, 2, 4, 1]), 3)
    assert.equal(median([7]), 7)
  })

  test('comes with the least and the most', () => {
    assert.deepEqual(spread([5, 1, 9]), { median: 5, min: 1, max: 9 })
  })
})

describe('a latency histogram', () => {
  test('tells percentiles within 1 %, never too low', () => {
    const histogram = new LatencyHistogram()
    for (let ms = 1; ms <= 1_000; ms++) histogram.add(ms)
    for (const [share, exact] of [
      [0.5, 500],
      [0.99, 990],
      [1, 1_000],
    ]) {
      const told = histogram.percentile(share)
      assert.ok(told >= exact && told <= exact * 1.011, `${share}: ${told}, exactly ${exact}`)
    }
  })

  test('takes times of any length', () => {
    const histogram = new LatencyHistogram()
    for (const ms of [0, 0.001, 1e9]) histogram.add(ms)
    assert.equal(histogram.percentile(0.5), 0.01)
    assert.ok(histogram.percentile(1) > 60_000)
  })

  test('is 0 where nothing was added', () => {
    assert.equal(new LatencyHistogram().percentile(0.5), 0)
  })
})
