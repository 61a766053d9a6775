import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { wayAt } from './account.fixture.ts'
import { accountOf } from './account.ts'
import { EMBEDDED_STAGES, STAGES } from './stages.ts'
import type { Way } from './ways.ts'

const NOT_SEEN = Number.NaN
const round = (meanMs: number, ...ways: Way[]) => ({ ways, meanMs, roundTripsPerSecond: 100 })
/** One that spends so many ms more in the handler. */
const slower = (ms: number) =>
  wayAt({ asked: 8 + ms, called: 9 + ms, finished: 10 + ms, woken: 11 + ms, written: 12 + ms, received: 13 + ms })

describe('an account', () => {
  test('adds the means of all messages up, and holds them against what the client saw', () => {
    const { sumMs, roundTripMs, ratio, stages, sampled } = accountOf('1 x 1', STAGES, [round(13, wayAt()), round(16, slower(2), slower(4))])
    assert.deepEqual([sampled, sumMs, roundTripMs], [3, 15, 15])
    assert.deepEqual(ratio, { median: 1, min: 1, max: 1 })
    const handle = stages.find(({ name }) => name === 'handle')!
    assert.deepEqual([handle.meanMs, handle.p50Ms, handle.p99Ms, handle.means], [3, 3, 5, { median: 2.5, min: 1, max: 4 }])
  })

  test('tells where the client saw another time than the stages add up to', () => {
    assert.deepEqual(accountOf('1 x 1', STAGES, [round(26, wayAt())]).ratio, { median: 0.5, min: 0.5, max: 0.5 })
  })

  test('leaves out what was not seen all the way', () => {
    assert.equal(accountOf('1 x 1', STAGES, [round(13, wayAt(), wayAt({ woken: NOT_SEEN }))]).sampled, 1)
  })

  test('needs no flights and no script calls of the embedded stores', () => {
    const { stages, sumMs } = accountOf('1 x 1', EMBEDDED_STAGES, [round(13, wayAt({ launched: NOT_SEEN, called: NOT_SEEN }))])
    assert.equal(sumMs, 13)
    assert.equal(stages.find(({ name }) => name === 'append')!.meanMs, 2)
  })

  test('tells how often the other way was faster', () => {
    const { fetchedFirst, wokenFirst } = accountOf('1 x 1', STAGES, [
      round(13, wayAt(), wayAt({ fetched: 4.5 }), wayAt({ finished: 12 }), wayAt()),
    ])
    assert.deepEqual([fetchedFirst, wokenFirst], [0.25, 0.25])
  })

  test('is refused where nothing was seen, or stages are not in their order', () => {
    assert.throws(
      () => accountOf('1 x 1', STAGES, [round(13, wayAt({ heard: NOT_SEEN }))]),
      /1 x 1: no message of round 1 was seen at all of its stages/,
    )
    assert.throws(
      () => accountOf('1 x 1', STAGES, [round(13, wayAt({ begun: 4 }))]),
      /1 of 1 messages passed their stages in another order/,
    )
  })
})
