import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DIALECTS, type Dialect, decodeRecordHeader } from '@causeway/protocol'
import { answer, jsonOf, pictureOf, routeOf } from '../gateway.fixture.ts'
import { device } from './device.fixture.ts'

const { 'modbus-tcp': modbusTcp, 'modbus-rtu': modbusRtu } = DIALECTS

describe('Modbus', () => {
  const served = async (dialect: Dialect) => {
    const made = await device(dialect)
    made.gateway.context.routes.follow(pictureOf([routeOf('modbus.read', 0xf003), routeOf('modbus.write', 0xf006)]))
    return made
  }

  test('reaches the route of its function as JSON, and gets its answer as a PDU', async () => {
    const { gateway, speaker, records } = await served(modbusTcp)
    speaker.send('0001 0000 0006 01 03 0000 0002')
    assert.deepEqual([jsonOf(records[0].value), decodeRecordHeader(records[0].header)!.codec], [{ unit: 1, address: 0, count: 2 }, 1])
    await answer(gateway, records[0], '{"values":[1,258]}')
    assert.equal(speaker.hex, '0001000000070103040001' + '0102')
  })

  test('gets exceptions: of a route nobody serves, of a malformed request, of an answer that is none', async () => {
    const { gateway, speaker, records } = await served(modbusTcp)
    speaker.send('0001 0000 0006 01 04 0000 0002 0002 0000 0006 01 03 0000 0000 0003 0000 0006 01 03 0000 0001')
    await answer(gateway, records[0], 'hello')
    assert.equal(speaker.hex, '000100000003018401' + '000200000003018303' + '000300000003018304')
  })

  test('over RTU waits for its turn, and says nothing to what goes to all', async () => {
    const { gateway, speaker, records } = await served(modbusRtu)
    speaker.send('01 03 0000 000a c5cd 01 07 41e2 00 06 0001 0003 99da')
    assert.deepEqual(
      records.map(({ pending }) => pending.request),
      [true, false],
    )
    assert.equal(speaker.hex, '')
    await answer(gateway, records[0], JSON.stringify({ values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }))
    assert.match(speaker.hex, /^010314000000010002.*018701[0-9a-f]{4}$/)
  })
})
