import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Priority } from '@causeway/registry'
import { OVERLOAD_TICK_MS, QUEUE_LIMIT_MS } from './limits.ts'
import { Overload } from './overload.ts'

const SECOND = 1_000
const MINUTE = 60_000
/** A service whose workers told this queue for so long, and finished so many a tick; returns the time then. */
function told(overload: Overload, queueMs: number, forMs: number, finishedPerTick = 10, from = 100_000): number {
  let now = from
  for (; now < from + forMs; now += OVERLOAD_TICK_MS) {
    overload.told({ service: 'orders', queueMs }, now)
    for (let i = 0; i < finishedPerTick; i++) overload.ended('orders', queueMs + 5, now)
  }
  return now
}

/** How many of a hundred are let in now. */
const letIn = (overload: Overload, now: number, timeoutMs = MINUTE, priority: Priority = 'normal'): number =>
  Array.from({ length: 100 }, () => overload.refusal('orders', priority, timeoutMs, now)).filter(refusal => refusal === undefined).length

describe('admission under load', () => {
  test('lets everything in where nothing is known, and where messages wait a short time', () => {
    const overload = new Overload()
    assert.equal(letIn(overload, 0), 100)
    assert.equal(letIn(overload, told(overload, 40, SECOND)), 100)
  })

  test('lets in a little less than is finished while messages wait longer than they can spare, and says how long', () => {
    const overload = new Overload()
    const now = told(overload, QUEUE_LIMIT_MS.normal + 1, 2 * SECOND)
    const [first, next] = [letIn(overload, now), letIn(overload, now + OVERLOAD_TICK_MS)]
    assert.ok(first > 5 && first < 10 && next > 5 && next < 10, `${first} and ${next} of 10 that are finished a tick`)
    assert.equal(overload.refusal('orders', 'normal', MINUTE, now + OVERLOAD_TICK_MS), QUEUE_LIMIT_MS.normal + 1)
  })

  test('goes by the time that the message itself has', () => {
    const overload = new Overload()
    const now = told(overload, 600, 2 * SECOND)
    assert.equal(letIn(overload, now, 2 * SECOND), 100)
    assert.ok(letIn(overload, now, SECOND) < 20)
  })

  test('refuses background routes first and critical ones last', () => {
    const overload = new Overload()
    const counts = (queueMs: number, from: number): number[] => {
      const now = told(overload, queueMs, 2 * SECOND, 10, from)
      return (['background', 'normal', 'critical'] as const).map((priority, index) =>
        letIn(overload, now + index * OVERLOAD_TICK_MS, MINUTE, priority),
      )
    }
    const some = (count: number): boolean => count < 20
    assert.deepEqual(counts(QUEUE_LIMIT_MS.background + 1, 0).map(some), [true, false, false])
    assert.deepEqual(counts(QUEUE_LIMIT_MS.normal + 1, 100_000).map(some), [true, true, false])
    assert.deepEqual(counts(QUEUE_LIMIT_MS.critical + 1, 200_000).map(some), [true, true, true])
  })

  test('takes a queue that was worked off within half a second for none', () => {
    const overload = new Overload()
    let now = told(overload, 8 * SECOND, SECOND)
    overload.told({ service: 'orders', queueMs: 5 }, now)
    now = told(overload, 8 * SECOND, SECOND / 3, 10, now)
    assert.equal(letIn(overload, now), 100)
  })

  test('goes back to letting everything in once nothing was told for a second: a worker that comes back finds work', () => {
    const overload = new Overload()
    const now = told(overload, 30 * SECOND, 2 * SECOND)
    assert.ok(letIn(overload, now) < 20)
    assert.equal(letIn(overload, now + SECOND), 100)
  })

  test('believes no queue longer than its own round trips: the clocks of workers may differ', () => {
    const overload = new Overload()
    let now = 100_000
    for (; now < 102_000; now += OVERLOAD_TICK_MS) {
      overload.told({ service: 'orders', queueMs: 25 * SECOND }, now)
      overload.ended('orders', 12, now)
    }
    assert.equal(letIn(overload, now), 100)
  })

  test('holds no service responsible for another', () => {
    const overload = new Overload()
    const now = told(overload, 30 * SECOND, 2 * SECOND)
    assert.equal(overload.refusal('billing', 'normal', MINUTE, now), undefined)
  })
})
