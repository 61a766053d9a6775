import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { QUEUE_TIME_MS } from './limits.ts'
import { QueueTime } from './queue-time.ts'

describe('the queue time', () => {
  test('is the least that a message waited of late', () => {
    const queue = new QueueTime()
    assert.equal(queue.read(1_000), undefined)
    queue.add(900, 1_000)
    queue.add(400, 1_010)
    assert.equal(queue.read(1_020), 100)
  })

  test('forgets what is older than two of its spans', () => {
    const queue = new QueueTime()
    queue.add(1_000, 1_010)
    queue.add(0, 1_010 + QUEUE_TIME_MS)
    assert.equal(queue.read(1_010 + QUEUE_TIME_MS), 10)
    queue.add(0, 1_010 + 2 * QUEUE_TIME_MS)
    assert.equal(queue.read(1_010 + 2 * QUEUE_TIME_MS), 1_010 + QUEUE_TIME_MS)
    assert.equal(queue.read(1_010 + 9 * QUEUE_TIME_MS), undefined)
  })

  test('is never less than nothing, whatever the clocks say', () => {
    const queue = new QueueTime()
    queue.add(2_000, 1_000)
    assert.equal(queue.read(1_000), 0)
  })
})
