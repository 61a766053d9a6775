import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { COMMIT_AGAIN_MS } from './limits.ts'
import { PartitionOffsets } from './partition-offsets.ts'

/** Records of these offsets, ten bytes each. */
const polled = (offsets: PartitionOffsets, ...numbers: number[]) => numbers.map(offset => offsets.add(offset, 10))

describe('the offsets of a partition', () => {
  test('have no watermark before the first record is complete', () => {
    const offsets = new PartitionOffsets()
    polled(offsets, 5)
    assert.equal(offsets.watermark, undefined)
    assert.equal(offsets.takeCommit(), undefined)
  })

  test('stop at the oldest record that is not complete, whatever is complete behind it', () => {
    const offsets = new PartitionOffsets()
    const [first, second, third] = polled(offsets, 5, 6, 7)
    third.complete = true
    second.complete = true
    assert.equal(offsets.watermark, undefined)
    first.complete = true
    assert.equal(offsets.watermark, 8)
  })

  test('go past numbers that the log left out', () => {
    const offsets = new PartitionOffsets()
    const [first, second] = polled(offsets, 5, 90)
    first.complete = true
    assert.equal(offsets.watermark, 6)
    second.complete = true
    assert.equal(offsets.watermark, 91)
  })

  test('offer a watermark for commit once', () => {
    const offsets = new PartitionOffsets()
    const [first, second] = polled(offsets, 0, 1)
    first.complete = true
    assert.equal(offsets.takeCommit(), 1)
    assert.equal(offsets.takeCommit(), undefined)
    second.complete = true
    assert.equal(offsets.takeCommit(), 2)
  })

  test('offer the watermark again for a while after a commit that failed', () => {
    mock.timers.enable({ apis: ['Date'], now: 1_000 })
    const offsets = new PartitionOffsets()
    polled(offsets, 0)[0].complete = true
    assert.equal(offsets.takeCommit(), 1)
    offsets.commitFailed()
    assert.deepEqual([offsets.takeCommit(), offsets.takeCommit()], [1, 1])
    mock.timers.tick(COMMIT_AGAIN_MS + 1)
    assert.equal(offsets.takeCommit(), undefined)
    mock.timers.reset()
  })

  test('count what is not complete, and apart from it all that a next owner would read again', () => {
    const offsets = new PartitionOffsets()
    const [first, second] = polled(offsets, 0, 1, 2)
    second.complete = true
    assert.deepEqual([offsets.outstanding, offsets.unfinished, offsets.bytes], [3, 2, 20])
    second.complete = true
    first.complete = true
    assert.deepEqual([offsets.outstanding, offsets.unfinished, offsets.bytes], [1, 1, 10])
  })

  test('keep count over thousands of records, dropped in blocks', () => {
    const offsets = new PartitionOffsets()
    const entries = polled(offsets, ...Array.from({ length: 5_000 }, (_, index) => index))
    for (const entry of entries.slice(0, 3_000)) entry.complete = true
    assert.equal(offsets.outstanding, 2_000)
    assert.equal(offsets.watermark, 3_000)
    for (const entry of entries.slice(3_001)) entry.complete = true
    assert.equal(offsets.outstanding, 2_000)
    entries[3_000].complete = true
    assert.equal(offsets.outstanding, 0)
    assert.equal(offsets.bytes, 0)
    assert.equal(offsets.watermark, 5_000)
  })
})
