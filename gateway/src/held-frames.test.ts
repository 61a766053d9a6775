import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HeldFrames } from './held-frames.ts'
import { HELD_FRAMES } from './limits.ts'

const WINDOW = { messages: 10, bytes: 1_000 }
const NOTHING = { messages: 0, bytes: 0 }

function holding(...sizes: number[]) {
  const held = new HeldFrames<{ payload: Uint8Array }>()
  for (const size of sizes) held.push({ payload: new Uint8Array(size) })
  return held
}

describe('messages held behind a closed window', () => {
  test('come out in the order they went in, once', () => {
    const held = holding(1, 2, 3)
    assert.equal(held.length, 3)
    assert.deepEqual(
      held.takeAll().map(({ payload }) => payload.length),
      [1, 2, 3],
    )
    assert.deepEqual([held.length, held.takeAll()], [0, []])
  })

  test('are beyond the window by their number, the unfinished counted in', () => {
    const held = holding(0, 0, 0)
    assert.equal(held.beyond({ messages: 7, bytes: 0 }, WINDOW), false)
    assert.equal(held.beyond({ messages: 8, bytes: 0 }, WINDOW), true)
  })

  test('are beyond it by their bytes, the unfinished counted in, and no more once taken', () => {
    const held = holding(300, 300)
    assert.equal(held.beyond({ messages: 1, bytes: 400 }, WINDOW), false)
    assert.equal(held.beyond({ messages: 1, bytes: 401 }, WINDOW), true)
    held.takeAll()
    assert.equal(held.beyond({ messages: 1, bytes: 401 }, WINDOW), false)
  })

  test(`are at most ${HELD_FRAMES}, whatever the window`, () => {
    const held = holding(...new Array<number>(HELD_FRAMES).fill(0))
    const wide = { messages: 1 << 20, bytes: 1 << 30 }
    assert.equal(held.beyond(NOTHING, wide), false)
    held.push({ payload: new Uint8Array(0) })
    assert.equal(held.beyond(NOTHING, wide), true)
  })
})
