import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RATED_PRINCIPALS } from './limits.ts'
import { PrincipalRates } from './principal-rates.ts'

/** How many of `offered` messages, one each `everyMs`, are let through. */
function through(rates: PrincipalRates, offered: number, everyMs: number, from = 1_000_000): number {
  let count = 0
  for (let n = 0; n < offered; n++) {
    const now = from + n * everyMs
    if (rates.wait('someone', now) !== undefined) continue
    rates.take('someone', now)
    count++
  }
  return count
}

describe('the rate of a principal', () => {
  test("lets a second's worth through at once, and then an even pace", () => {
    const rates = new PrincipalRates(() => 100)
    assert.equal(through(rates, 1_000, 0), 100)
    assert.equal(through(rates, 1_000, 1, 1_000_001), 100)
    const even = through(rates, 10_000, 1, 1_010_000)
    assert.ok(even >= 1_090 && even <= 1_110, `${even}`)
  })

  test('of one a second lets the first through, and says when the next may come', () => {
    const rates = new PrincipalRates(() => 1)
    assert.equal(rates.wait('a', 0), undefined)
    rates.take('a', 0)
    assert.deepEqual([rates.wait('a', 400), rates.wait('a', 1_000), rates.wait('b', 400)], [600, undefined, undefined])
  })

  test('follows the limit as it changes, and forgets all where there is none', () => {
    let limit = 1
    const rates = new PrincipalRates(() => limit)
    rates.take('a', 0)
    limit = 0
    assert.equal(rates.wait('a', 0), undefined)
    rates.take('a', 0)
    assert.equal(rates.principals, 0)
  })

  test('is remembered of so many principals', () => {
    const rates = new PrincipalRates(() => 1)
    for (let n = 0; n <= RATED_PRINCIPALS; n++) rates.take(`p-${n}`, 0)
    assert.equal(rates.principals, RATED_PRINCIPALS)
  })
})
