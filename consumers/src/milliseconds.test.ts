import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { milliseconds } from './milliseconds.ts'

describe('a time a user writes', () => {
  test('is whole ms, of a number, or of a text with its unit', () => {
    const read = [250, 0, 1.5, '200ms', '5s', '2m', '1h', '0.5 s', '0ms'].map(value => milliseconds(value, 'timeout'))
    assert.deepEqual(read, [250, 0, 2, 200, 5_000, 120_000, 3_600_000, 500, 0])
  })

  for (const value of ['5', '5 sec', '', 's', '-1s', '1e3ms', '5s ', -1, 1e300, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`is not ${JSON.stringify(value)} (${value}), and the error names the option`, () => {
      assert.throws(() => milliseconds(value, 'route pay: timeout'), { name: 'TypeError', message: /^route pay: timeout is .*expected ms/ })
    })
  }
})
