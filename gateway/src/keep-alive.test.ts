import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { KeepAlive } from './keep-alive.ts'

const NOW = 1_000_000

describe('the clock of a connection', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: NOW }))
  afterEach(() => mock.timers.reset())

  const dueAt = (keepAlive: KeepAlive, ...times: number[]) => times.map(ms => keepAlive.due(NOW + ms))

  test('asks for a PING after its interval, and again each third of it', () => {
    const due = dueAt(new KeepAlive(3_000), 2_999, 3_000, 3_999, 4_000, 4_999, 5_000)
    assert.deepEqual(due, [undefined, 'ping', undefined, 'ping', undefined, 'ping'])
  })

  test('runs out after three intervals', () => {
    assert.deepEqual(dueAt(new KeepAlive(3_000), 8_999, 9_000), ['ping', 'idle'])
  })

  test('begins anew with whatever is heard', () => {
    const keepAlive = new KeepAlive(3_000)
    keepAlive.heard(NOW + 8_000)
    assert.equal(keepAlive.silentMs(NOW + 8_500), 500)
    assert.deepEqual(dueAt(keepAlive, 10_999, 11_000, 17_000), [undefined, 'ping', 'idle'])
  })

  test('goes by the interval that the handshake settled', () => {
    const keepAlive = new KeepAlive(3_000)
    keepAlive.settle(300)
    assert.deepEqual(dueAt(keepAlive, 299, 300, 900), [undefined, 'ping', 'idle'])
  })
})
