import assert from 'node:assert/strict'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'

const LISTENERS = JSON.stringify([
  { port: 0, dialect: 'vmol', auth: 'none' },
  { port: 0, dialect: 'abcd', auth: 'none' },
])

const portOf = (gateway: RunningGateway, dialect: string): number =>
  Number(new URL(gateway.listeners.find(listener => listener.dialect === dialect)!.address).port)

/** An mc1 frame (section 8): magic, version, type, length, payload. */
function mc1(type: number, payload: string): string {
  const bytes = Buffer.from(payload)
  return `4d4301${type.toString(16).padStart(2, '0')}${bytes.length.toString(16).padStart(8, '0')}${bytes.toString('hex')}`
}

everywhere('header dialects', async (context, place) => {
  await using installation = await Installation.make(place, { CAUSEWAY_LISTENERS: LISTENERS })
  const gateway = await installation.start()

  await context.test('mc1 on the shared port: the heartbeat in kind, the echo with its header', async () => {
    using device = await RawSocket.connect(gateway.port)
    device.write('4d43 01 00 00000000')
    assert.equal(await device.hex(8), '4d43010000000000')
    device.write('4d43 01 01 00000002 6869')
    assert.equal(await device.hex(10), '4d430101000000026869')
  })

  await context.test('mc1 answers in the order asked, heartbeats and refusals too', async () => {
    using device = await RawSocket.connect(gateway.port)
    device.write(mc1(1, 'one') + mc1(0, '') + mc1(0xee, 'nobody') + mc1(1, 'two'))
    assert.equal(await device.hex(11), mc1(1, 'one'))
    assert.equal(await device.hex(8), mc1(0, ''))
    const head = await device.hex(8)
    assert.equal(head.slice(0, 8), '4d4301ff')
    const refusal = JSON.parse((await device.take(Number.parseInt(head.slice(8), 16))).toString()) as { code: string; number: number }
    assert.deepEqual([refusal.code, refusal.number], ['NO_ROUTE', 4100])
    assert.equal(await device.hex(11), mc1(1, 'two'))
  })

  await context.test('mc1: five hundred echoes on one connection keep their order', async () => {
    using device = await RawSocket.connect(gateway.port)
    const questions = Array.from({ length: 500 }, (_, index) => mc1(1, `#${index}`))
    device.write(questions.join(''))
    for (const question of questions) assert.equal(await device.hex(question.length / 2), question)
  })

  await context.test('mc1: a negative length ends the connection with the error form, from the header alone', async () => {
    using device = await RawSocket.connect(gateway.port)
    device.write('4d43 01 01 ffffffff')
    const rest = await device.rest()
    assert.equal(rest.subarray(0, 4).toString('hex'), '4d4301ff')
    assert.equal((JSON.parse(rest.subarray(8).toString()) as { code: string }).code, 'BAD_FRAME')
  })

  await context.test('abcd is told apart on the shared port and has its own; its answer is a response with the seqId asked', async () => {
    for (const port of [gateway.port, portOf(gateway, 'abcd')]) {
      using device = await RawSocket.connect(port)
      device.write(Buffer.from('PING').toString('hex'))
      assert.equal((await device.take(4)).toString(), 'PONG')
      device.write('abcd 01 01 00000002 00000005 6869')
      assert.equal(await device.hex(14), 'abcd010200000002000000056869')
    }
  })

  await context.test('vmol on its own port: answers carry the msgId and opCode asked', async () => {
    using device = await RawSocket.connect(portOf(gateway, 'vmol'))
    device.write('01 00000009 0001 00000002 6869')
    assert.equal(await device.hex(13), '01000000090001000000026869')
    device.write('01 0000000a eeee 00000000')
    assert.equal(await device.hex(7), '010000000affff')
  })
})
