import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { message, service, testKit } from './index.ts'
import { HEAVY_BYTES } from './limits.ts'

describe('payloads that take long to decode', () => {
  test('leave a turn of the event loop between one and the next', async () => {
    const seen: number[] = []
    let turns = 0
    let counting = true
    const count = (): void => {
      turns++
      if (counting) setImmediate(count)
    }
    count()
    using kit = testKit(service('orders', [message('big', { order: 'none' }).handle(() => void seen.push(turns))]))
    await Promise.all(Array.from({ length: 20 }, () => kit.request('big', 'x'.repeat(HEAVY_BYTES))))
    counting = false
    assert.equal(new Set(seen).size, 20, seen.join())
  })

  test('come in the order of their session', async () => {
    const handled: unknown[] = []
    using kit = testKit(service('orders', [message('any').handle(input => void handled.push((input as string).length))]))
    await Promise.all([
      kit.request('any', 'x'.repeat(HEAVY_BYTES)),
      kit.request('any', 'y'),
      kit.request('any', 'z'.repeat(HEAVY_BYTES + 1)),
    ])
    assert.deepEqual(handled, [HEAVY_BYTES, 1, HEAVY_BYTES + 1])
  })
})
