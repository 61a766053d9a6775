import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation, type RunningGateway } from './installation.ts'
import { MODBUS_CLIENTS } from './modbus-clients.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'

const PLANT = fileURLToPath(new URL('./modbus.fixture.ts', import.meta.url))
const LISTENERS = JSON.stringify(['modbus-tcp', 'modbus-rtu'].map(dialect => ({ port: 0, dialect, auth: 'none' })))

const portOf = (gateway: RunningGateway, dialect: string): number =>
  Number(new URL(gateway.listeners.find(listener => listener.dialect === dialect)!.address).port)

everywhere('Modbus', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_LISTENERS: LISTENERS })
  const gateway = await installation.serve(['start', PLANT], installation.folder)

  for (const [name, dialect, open] of MODBUS_CLIENTS) {
    await context.test(`${name} over ${dialect}: every function reaches its handler, and what was written is read`, async () => {
      await using client = await open(portOf(gateway, dialect))
      assert.deepEqual(await client.write(6, 0, [0x0102]), [])
      assert.deepEqual(await client.write(16, 1, [65_535, 0, 7]), [])
      assert.deepEqual(await client.read(3, 0, 4), [0x0102, 65_535, 0, 7])
      assert.deepEqual(
        await client.read(4, 10, 125),
        Array.from({ length: 125 }, (_, index) => ((index + 10) * 300) % 65_536),
      )
      assert.deepEqual(await client.write(5, 0, [true]), [])
      assert.deepEqual(await client.write(15, 1, [false, true, true, false, true, false, false, true, true]), [])
      assert.deepEqual(await client.read(1, 0, 10), [true, false, true, true, false, true, false, false, true, true])
      assert.deepEqual(
        await client.read(2, 12, 9),
        Array.from({ length: 9 }, (_, index) => index % 3 === 0),
      )
    })

    await context.test(
      `${name} over ${dialect}: an address that is not there is exception 2, a count that none may ask for exception 3`,
      async () => {
        await using client = await open(portOf(gateway, dialect))
        assert.deepEqual(await client.read(3, 199, 2), { exception: 2 })
        assert.deepEqual(await client.write(6, 200, [1]), { exception: 2 })
        assert.deepEqual(await client.read(3, 0, 126), { exception: 3 })
        assert.deepEqual(await client.read(3, 199, 1), [59_700])
      },
    )
  }

  await context.test('a function that is none of Modbus is exception 1, over TCP and RTU', async () => {
    using tcp = await RawSocket.connect(portOf(gateway, 'modbus-tcp'))
    tcp.write('0009 0000 0004 01 41 abcd')
    assert.equal(await tcp.hex(9), '000900000003' + '01c101')
    using rtu = await RawSocket.connect(portOf(gateway, 'modbus-rtu'))
    rtu.write('01 07 41e2')
    assert.equal((await rtu.hex(5)).slice(0, 6), '018701')
  })
})

everywhere('Modbus of the demo', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_LISTENERS: LISTENERS })
  const gateway = await installation.start()
  const registers = [11, 22, 33]
  await using reporter = await connect(gateway.tcp)
  await reporter.notify('telemetry.report', { device: 1, registers })

  for (const [name, dialect, open] of MODBUS_CLIENTS) {
    await context.test(
      `${name} over ${dialect}: functions 3 and 4 read what a device reported; beyond it is exception 2, another function 1`,
      async () => {
        await using client = await open(portOf(gateway, dialect))
        await until(async () => Array.isArray(await client.read(3, 0, 3)))
        assert.deepEqual(await client.read(3, 0, 3), registers)
        assert.deepEqual(await client.read(4, 1, 2), [22, 33])
        assert.deepEqual(await client.read(3, 1, 3), { exception: 2 })
        assert.deepEqual(await client.read(1, 0, 1), { exception: 1 })
        assert.deepEqual(await client.write(6, 0, [1]), { exception: 1 })
      },
    )
  }
})
