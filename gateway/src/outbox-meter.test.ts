import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OutboxMeter } from './outbox-meter.ts'

describe('the bytes that a client has not acknowledged', () => {
  test('are those of all deliveries above its acknowledgement', () => {
    const meter = new OutboxMeter()
    for (const seq of [1, 2, 3]) meter.add(seq, seq * 100)
    assert.equal(meter.bytes, 600)
    meter.acknowledge(2)
    assert.equal(meter.bytes, 300)
    meter.acknowledge(2)
    assert.equal(meter.bytes, 300)
    meter.acknowledge(9)
    assert.equal(meter.bytes, 0)
  })

  test('may begin anywhere: what came before was not seen here', () => {
    const meter = new OutboxMeter()
    meter.add(900, 5)
    meter.acknowledge(899)
    assert.equal(meter.bytes, 5)
    meter.acknowledge(900)
    assert.equal(meter.bytes, 0)
  })

  test('add up over thousands, acknowledged in any steps', () => {
    const meter = new OutboxMeter()
    for (let seq = 1; seq <= 10_000; seq++) {
      meter.add(seq, 1)
      if (seq % 7 === 0) meter.acknowledge(seq - 3)
    }
    assert.equal(meter.bytes, 10_000 - (9_996 - 3))
    meter.acknowledge(10_000)
    meter.add(10_001, 8)
    assert.equal(meter.bytes, 8)
  })
})
