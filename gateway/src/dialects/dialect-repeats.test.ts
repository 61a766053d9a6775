import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DIALECTS } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { answer } from '../gateway.fixture.ts'
import { device } from './device.fixture.ts'

const { '5a': fiveA } = DIALECTS

describe('a dialect whose client sends again what got no answer', () => {
  const HI = '5a 03 0002 01 6869 bc'

  test('has it handled once: a repeat is answered with the same bytes, or by the answer on its way', async () => {
    const { gateway, speaker, records } = await device(fiveA)
    speaker.send(HI + HI)
    assert.equal(records.length, 1)
    await answer(gateway, records[0], 'ok')
    const once = speaker.hex
    speaker.send(HI)
    assert.deepEqual([records.length, speaker.hex], [1, once + once])
  })

  test('has other bytes under the same number handled', async () => {
    const { gateway, speaker, records } = await device(fiveA)
    speaker.ask([1, 'a', 3], [1, 'b', 3])
    assert.equal(records.length, 2)
    await answer(gateway, records[1], 'second')
    await answer(gateway, records[0], 'first')
    speaker.ask([1, 'b', 3])
    assert.deepEqual([records.length, speaker.answers], [2, ['second', 'first', 'second']])
  })

  test('has only its last 16 numbers remembered', async () => {
    const { speaker, records } = await device(fiveA)
    for (let seq = 1; seq <= 17; seq++) speaker.ask([1, 'x', seq])
    speaker.ask([1, 'x', 2])
    assert.equal(records.length, 17)
    speaker.ask([1, 'x', 1])
    assert.equal(records.length, 18)
  })

  test('has it handled where it was refused before: nothing happened then', async () => {
    const { gateway, speaker, records } = await device(fiveA)
    gateway.state.closed = 'BACKEND_UNAVAILABLE'
    speaker.ask([1, 'x', 1], [2, 'note', 2])
    assert.equal(records.length, 0)
    gateway.state.closed = undefined
    speaker.ask([1, 'x', 1], [2, 'note', 2])
    assert.equal(records.length, 2)
  })

  test('has a failure that is not a refusal told again', async () => {
    const { gateway, speaker, records } = await device(fiveA)
    speaker.ask([1, 'x', 1])
    gateway.host.end(records[0].session, records[0].pending, 'timedOut', 'TIMEOUT', 'too late')
    await until(() => speaker.answers.length === 1)
    speaker.ask([1, 'x', 1])
    assert.deepEqual([records.length, speaker.answers], [1, ['TIMEOUT', 'TIMEOUT']])
  })

  test('is asked to send again what came with a wrong crc, and goes on', async () => {
    const { gateway, speaker, records } = await device(fiveA)
    speaker.send('5a 03 0002 01 6869 bd')
    assert.deepEqual([records.length, speaker.answers], [0, ['BAD_CHECKSUM']])
    speaker.send(HI)
    await answer(gateway, records[0], 'ok')
    assert.deepEqual(speaker.answers, ['BAD_CHECKSUM', 'ok'])
  })
})
