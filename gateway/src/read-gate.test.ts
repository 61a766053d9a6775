import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeTransport } from './gateway.fixture.ts'
import { ReadGate } from './read-gate.ts'

describe('a connection', () => {
  test('is read while no reason stands against it', () => {
    const transport = new FakeTransport()
    const gate = new ReadGate(transport)
    assert.deepEqual([gate.shut, transport.paused], [false, false])
    gate.stop('window')
    gate.stop('choked')
    assert.deepEqual([gate.shut, transport.paused], [true, true])
    assert.deepEqual([gate.go('window'), transport.paused], [false, true])
    assert.deepEqual([gate.go('choked'), gate.shut, transport.paused], [true, false, false])
  })

  test('has a reason once, however often it was given', () => {
    const transport = new FakeTransport()
    const gate = new ReadGate(transport)
    gate.stop('window')
    gate.stop('window')
    assert.deepEqual([gate.go('window'), transport.paused], [true, false])
  })

  test('is not started by a reason that never stopped it', () => {
    const transport = new FakeTransport()
    const gate = new ReadGate(transport)
    transport.paused = true
    assert.deepEqual([gate.go('window'), transport.paused], [false, true])
  })
})
