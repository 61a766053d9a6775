import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testKit } from '@causeway/consumers'
import demo from './index.ts'

describe('the demo', () => {
  test('echoes, fails for good after three attempts, and comes round after some', async () => {
    using kit = testKit(demo)
    assert.deepEqual(await kit.request('echo', { hello: 1 }), { hello: 1 })
    await assert.rejects(kit.request('demo.fail'), { code: 'DEAD_LETTERED' })
    assert.deepEqual(kit.deadLetters[0]?.errors.length, 3)
    assert.deepEqual(await kit.request('demo.flaky', { failures: 4 }), { attempt: 5 })
  })

  test('streams numbers, pushes where it is told, and rejects', async () => {
    using kit = testKit(demo)
    assert.deepEqual(await kit.request('demo.count', { to: 3 }), [{ n: 1 }, { n: 2 }, { n: 3 }])
    assert.deepEqual(await kit.request('demo.push', { channel: 'news', payload: 7 }), { pushed: true })
    assert.deepEqual(kit.pushes, [{ channel: 'news', payload: 7 }])
    await assert.rejects(kit.request('demo.reject'), { code: 'REJECTED' })
  })

  test('keeps the last reading of a device for those who ask by Modbus', async () => {
    using kit = testKit(demo)
    await kit.notify('telemetry.report', { device: 77, registers: [10, 20, 30] })
    assert.deepEqual(await kit.request('modbus.read', { unit: 77, address: 1, count: 2 }), { values: [20, 30] })
    await assert.rejects(kit.request('demo.slow', { ms: -1 }), { code: 'BAD_PAYLOAD', detail: /^ms: / })
  })
})
