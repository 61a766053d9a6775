import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countsUpTo, heldEach } from './sessions.ts'

describe('sizes', () => {
  test('rise by ten up to what was asked for, which is the last', () => {
    assert.deepEqual(countsUpTo(50_000), [100, 1_000, 10_000, 50_000])
    assert.deepEqual(countsUpTo(1_000), [100, 1_000])
    assert.deepEqual(countsUpTo(20), [20])
  })
})

describe('what sessions hold', () => {
  test('is what there is more than without them, by one', () => {
    const before = { gatewayBytes: 10 << 20, descriptors: 30, redisBytes: 1_024_000 }
    const now = { gatewayBytes: 12 << 20, descriptors: 1_030, redisBytes: 2_048_000 }
    assert.deepEqual(heldEach(1_000, before, now), { gatewayMiB: 2, gatewayKiB: 2.048, redisKiB: 1, descriptors: 1 })
  })
})
