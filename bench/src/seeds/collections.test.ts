import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GCProfiler, type GCProfilerResult } from 'node:v8'
import { collectionsOf } from './collections.ts'

type Collection = GCProfilerResult['statistics'][number]

const collection = (before: number, after: number, cost: number) =>
  ({
    ...{ gcType: 'Scavenge', cost },
    beforeGC: { heapStatistics: { usedHeapSize: before } },
    afterGC: { heapStatistics: { usedHeapSize: after } },
  }) as Collection

describe('what was allocated', () => {
  test('is what the heap grew by, from each collection to the next', () => {
    const found = collectionsOf({ statistics: [collection(100, 40, 2_000_000), collection(140, 50, 500_000)] }, 30, 60)
    assert.deepEqual(found, { collectingSeconds: 2.5, count: 2, allocatedBytes: 70 + 100 + 10 })
  })

  test('is the difference where nothing was collected', () => {
    assert.deepEqual(collectionsOf({ statistics: [] }, 30, 80), { collectingSeconds: 0, count: 0, allocatedBytes: 50 })
  })

  test('is not less because the heap shrank between two collections', () => {
    assert.equal(collectionsOf({ statistics: [collection(20, 10, 0)] }, 30, 15).allocatedBytes, 5)
  })

  test('is what a process has made, as V8 counts it', () => {
    // more than new space ever has
    const [objects, bytesEach] = [1_500_000, 8 * 16]
    const kept: unknown[] = []
    const profiler = new GCProfiler()
    profiler.start()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < objects; i++) kept[i % 100] = new Array(16).fill(i)
    const { allocatedBytes, count } = collectionsOf(profiler.stop(), before, process.memoryUsage().heapUsed)
    assert.ok(count > 0, 'nothing was collected')
    assert.ok(allocatedBytes > objects * bytesEach && allocatedBytes < objects * bytesEach * 3, String(allocatedBytes))
  })
})
