import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { FakeTransport } from './gateway.fixture.ts'
import { SLOW_CONSUMER_MS } from './limits.ts'
import { SlowConsumer } from './slow-consumer.ts'

const NOW = 1_000_000
const LIMIT = 4_096

describe('a client that does not take what is written', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: NOW }))
  afterEach(() => mock.timers.reset())

  function choked(waitingBytes: number) {
    const transport = new FakeTransport()
    transport.waitingBytes = waitingBytes
    const slow = new SlowConsumer(transport, LIMIT)
    let drained = 0
    slow.choke(() => drained++)
    return { transport, slow, drained: () => drained }
  }

  test('exceeds its buffer by more than what it holds, not by as much', () => {
    assert.equal(choked(LIMIT).slow.exceeded, false)
    assert.equal(choked(LIMIT + 1).slow.exceeded, true)
  })

  test(`is overdue after ${SLOW_CONSUMER_MS} ms in which it takes nothing`, () => {
    const { slow } = choked(10_000)
    assert.equal(slow.overdue(NOW + SLOW_CONSUMER_MS), false)
    assert.equal(slow.overdue(NOW + SLOW_CONSUMER_MS + 1), true)
  })

  test('has its time anew whenever it has taken something', () => {
    const { slow, transport } = choked(10_000)
    for (let look = 1; look <= 5; look++) {
      transport.waitingBytes -= 1
      assert.equal(slow.overdue(NOW + look * SLOW_CONSUMER_MS), false)
    }
    assert.equal(slow.overdue(NOW + 6 * SLOW_CONSUMER_MS + 1), true)
  })

  test('has taken nothing where only more was written to it', () => {
    const { slow, transport } = choked(10_000)
    transport.waitingBytes = 20_000
    assert.equal(slow.overdue(NOW + 500), false)
    transport.waitingBytes = 15_000
    assert.equal(slow.overdue(NOW + SLOW_CONSUMER_MS + 1), true)
  })

  test('is told of once all is taken, and may choke again', () => {
    const { slow, transport, drained } = choked(10_000)
    slow.choke(() => assert.fail('a choke stands already'))
    transport.drain()
    assert.deepEqual([drained(), slow.choked, slow.overdue(NOW + 60_000)], [1, false, false])
    slow.choke(() => {})
    assert.equal(slow.choked, true)
  })
})
