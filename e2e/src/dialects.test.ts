import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { Installation, type RunningGateway } from './installation.ts'
import { everywhere } from './places.ts'
import { RawSocket } from './raw-socket.ts'

const LISTENERS = JSON.stringify([
  { port: 0, dialect: 'vmol', auth: 'none' },
  { port: 0, dialect: 'abcd', auth: 'none' },
  { port: 0, dialect: 'vcl', auth: 'none', routes: { 700: 'echo' } },
  { port: 0, dialect: 'length32', auth: 'none', route: 'demo.slow', codec: 1 },
  { port: 0, dialect: 'lines', auth: 'none', route: 'echo' },
  { port: 0, dialect: 'mc1-handshake', auth: 'none' },
])

const portOf = (gateway: RunningGateway, dialect: string): number =>
  Number(new URL(gateway.listeners.find(listener => listener.dialect === dialect)!.address).port)

/** An mc1 frame (section 8): magic, version, type, length, payload. */
function mc1(type: number, payload: string): string {
  const bytes = Buffer.from(payload)
  return `4d4301${type.toString(16).padStart(2, '0')}${bytes.length.toString(16).padStart(8, '0')}${bytes.toString('hex')}`
}

/** A length32 frame: length, body. */
const length32 = (body: string): string => `${body.length.toString(16).padStart(8, '0')}${Buffer.from(body).toString('hex')}`

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

  await context.test('vcl: a cmd goes to the route that the listener names for it, the others by opcode', async () => {
    using device = await RawSocket.connect(portOf(gateway, 'vcl'))
    device.write('01 02bc 00000002 6869 01 0001 00000002 6f6b')
    assert.equal(await device.hex(18), `${'0102bc000000026869'}${'010001000000026f6b'}`)
  })

  await context.test("length32: the listener's route, answers in the order asked, a failure as JSON", async () => {
    using device = await RawSocket.connect(portOf(gateway, 'length32'))
    const bodies = ['{"ms":150}', '{"ms":1}', '{"ms":"x"}', '{"ms":2}']
    device.write(bodies.map(length32).join(''))
    for (const body of bodies.toSpliced(2, 1)) {
      if (body === '{"ms":2}') {
        const head = await device.hex(4)
        const refusal = JSON.parse((await device.take(Number.parseInt(head, 16))).toString()) as { code: string }
        assert.equal(refusal.code, 'BAD_PAYLOAD')
      }
      assert.equal(await device.hex(4 + body.length), length32(body))
    }
  })

  await context.test('lines: what a person types at a terminal comes back, a CR before the LF or not', async () => {
    using device = await RawSocket.connect(portOf(gateway, 'lines'))
    device.write(Buffer.from('hello\r\nwho is there?\n').toString('hex'))
    assert.equal((await device.take(20)).toString(), 'hello\nwho is there?\n')
  })

  await context.test('lines: a script that closes its side behind its last line gets its answers', async () => {
    using device = await RawSocket.connect(portOf(gateway, 'lines'))
    device.socket.end('one\ntwo\n')
    assert.equal((await device.rest()).toString(), 'one\ntwo\n')
  })

  await context.test('5a on the shared port: the echo, NAK to a wrong crc, and a repeat answered again', async () => {
    using device = await RawSocket.connect(gateway.port)
    const hi = '5a030002016869bc'
    device.write(hi)
    assert.equal(await device.hex(8), hi)
    device.write('5a 03 0002 01 6869 bd')
    const head = await device.hex(5)
    assert.equal(head.slice(8), '15')
    const nak = await device.take(Number.parseInt(head.slice(4, 8), 16) + 1)
    assert.equal((JSON.parse(nak.subarray(0, -1).toString()) as { code: string }).code, 'BAD_CHECKSUM')
    device.write(hi)
    assert.equal(await device.hex(8), hi)
  })

  await context.test('mc1-handshake: SYN, SYN-ACK, ACK, then mc1', async () => {
    using device = await RawSocket.connect(portOf(gateway, 'mc1-handshake'))
    device.write('4d43 01 000003e8 0000 7df510b2')
    const synAck = await device.take(17)
    assert.equal(synAck.readUInt32BE(13), 1_001)
    const ack = Buffer.from('4d4303000000000000', 'hex')
    ack.writeUInt32BE((synAck.readUInt32BE(3) + 1) >>> 0, 3)
    device.write(ack.toString('hex') + crc32(ack).toString(16).padStart(8, '0') + mc1(1, 'hi'))
    assert.equal(await device.hex(10), mc1(1, 'hi'))
  })

  await context.test('mc1-handshake: an ACK of another number ends the connection', async () => {
    using device = await RawSocket.connect(portOf(gateway, 'mc1-handshake'))
    device.write('4d43 01 000003e8 0000 7df510b2')
    await device.take(17)
    const ack = Buffer.from('4d4303000000000000', 'hex')
    device.write(ack.toString('hex') + crc32(ack).toString(16).padStart(8, '0'))
    const rest = await device.rest()
    assert.equal((JSON.parse(rest.subarray(8).toString()) as { code: string }).code, 'BAD_FRAME')
  })
})
