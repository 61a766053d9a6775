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

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How many of `clients`, all cut off at once, try to connect in each 100 ms, and how many of these get through: a gateway is there again after `awayMs`. */
function storm(clients: number, awayMs: number): { tries: number[]; reconnects: number[] } {
  const random = seeded(20_261_121)
  const tries: number[] = []
  const reconnects: number[] = []
  for (let client = 0; client < clients; client++) {
    let at = backoffDelay(0, BOUNDS, random)
    for (let attempt = 1; ; attempt++) {
      const slot = Math.floor(at / 100)
      tries[slot] = (tries[slot] ?? 0) + 1
      if (at >= awayMs) {
        reconnects[slot] = (reconnects[slot] ?? 0) + 1
        break
      }
      at += backoffDelay(attempt, BOUNDS, random)
    }
  }
  return { tries, reconnects }
}

const CLIENTS = 2_000
const peak = (slots: number[]): number => Math.max(...slots.filter(count => count !== undefined))

test('2,000 clients cut off at once come back over the first wait: no 100 ms sees more than a quarter of them', () => {
  const { tries, reconnects } = storm(CLIENTS, 0)
  // drawn from 500 ms: a fifth in each 100 ms, and chance
  assert.ok(peak(tries) <= CLIENTS / 4, `${peak(tries)} in one 100 ms`)
  assert.equal(reconnects.length, BOUNDS.min / 100)
})

test('the longer a gateway is away, the thinner its clients come back', () => {
  const bounds: [awayMs: number, mostIn100Ms: number][] = [
    [1_000, 300],
    [3_000, 100],
    [10_000, 50],
  ]
  for (const [awayMs, most] of bounds) {
    const { reconnects } = storm(CLIENTS, awayMs)
    assert.ok(peak(reconnects) <= most, `after ${awayMs} ms ${peak(reconnects)} come back in one 100 ms`)
    assert.ok(reconnects.length * 100 <= awayMs + BOUNDS.max, 'all are back within the longest wait')
  }
})
