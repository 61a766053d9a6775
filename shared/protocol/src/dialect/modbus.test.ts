import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS, type ErrorName, problem } from '../errors.ts'
import { utf8Decode, utf8Encode } from '../utf8.ts'
import { fromHex, splits, toHex } from '../vectors.fixture.ts'
import { checksumOf } from './checksum.ts'
import { decode } from './dialect.fixture.ts'
import { DIALECTS } from './dialects.ts'

const tcp = DIALECTS['modbus-tcp']
const rtu = DIALECTS['modbus-rtu']

/** The Modbus TCP request of a PDU in hex, of transaction 7 to unit 1. */
const tcpOf = (pdu: string): Uint8Array => fromHex(`00070000${(pdu.length / 2 + 1).toString(16).padStart(4, '0')}01${pdu}`)

/** The RTU request of the same, to an address. */
function rtuOf(pdu: string, address = '01'): Uint8Array {
  const bytes = fromHex(`${address}${pdu}`)
  const crc = checksumOf('crc16-modbus', bytes, 0, bytes.length)
  return Uint8Array.of(...bytes, crc & 0xff, crc >> 8)
}

/** The exception that answers a PDU over TCP; undefined where it reaches a handler. */
function exceptionOf(pdu: string): number | undefined {
  const [message] = decode(tcp, [tcpOf(pdu)]).messages
  if (message.kind === 'request') return undefined
  const reply = tcp.encodeReply(message)
  assert.equal(reply[7], Number.parseInt(pdu.slice(0, 2), 16) | 0x80)
  return reply[8]
}

const registers = (count: number): string =>
  `${count.toString(16).padStart(4, '0')}${(2 * count).toString(16).padStart(2, '0')}${'0000'.repeat(count)}`

const PDUS: [what: string, pdu: string, exception: number | undefined][] = [
  ['a read of 125 registers', '030000007d', undefined],
  ['a read of no registers', '0300000000', 3],
  ['a read of 126 registers', '030000007e', 3],
  ['a read of 126 input registers', '040000007e', 3],
  ['a read of 2000 coils', '01000007d0', undefined],
  ['a read of 2001 coils', '01000007d1', 3],
  ['a read of no inputs', '0200000000', 3],
  ['a read up to the last address', '03fffe0002', undefined],
  ['a read beyond the last address', '03fffe0003', 2],
  ['a read that ends early', '03000000', 3],
  ['a read with a byte too many', '030000000100', 3],
  ['a coil that is neither on nor off', '0500010001', 3],
  ['a coil that is off', '0500010000', undefined],
  ['a write of 123 registers', `100000${registers(123)}`, undefined],
  ['a write of no registers', '100000000000', 3],
  ['a write of registers without a byte count', '1000000001', 3],
  ['a write of registers whose byte count is wrong', '100000000103000000', 3],
  ['a write of registers whose byte count alone is wrong', '1000000001030000', 3],
  ['a write of registers that ends early', '10000000020400010002'.slice(0, -2), 3],
  ['a write of coils whose byte count is wrong', '0f0000000902ff', 3],
  ['a write of coils beyond the last address', '0ffff8000902ff01', 2],
  ['a function nobody serves', '0700', 1],
  ['function 0', '00', 1],
  ['a function that is an exception', '8300000001', 1],
]
for (const [what, pdu, exception] of PDUS) {
  test(`${what} ${exception === undefined ? 'reaches its handler' : `is exception ${exception} from the gateway`}`, () => {
    assert.equal(exceptionOf(pdu), exception)
  })
}

const FAILURES: Partial<Record<ErrorName, number>> = {
  NO_ROUTE: 1,
  REJECTED: 2,
  BAD_PAYLOAD: 3,
  HANDLER_FAILED: 4,
  DEAD_LETTERED: 4,
  OVERLOADED: 6,
  RATE_LIMITED: 6,
  TIMEOUT: 11,
  BACKEND_UNAVAILABLE: 11,
}
test('each failure has its exception, and every error of the registry has one', () => {
  const [question] = decode(tcp, [tcpOf('0300000001')]).messages
  for (const name of Object.keys(ERRORS) as ErrorName[]) {
    const answer = toHex(tcp.encodeError(question, problem(name)))
    assert.equal(answer.slice(0, 16), '0007000000030183')
    if (FAILURES[name] !== undefined) assert.equal(Number.parseInt(answer.slice(16), 16), FAILURES[name], name)
  }
})

test('a handler may answer with the exception it wants', () => {
  const [question] = decode(tcp, [tcpOf('0300000001')]).messages
  assert.equal(toHex(tcp.encodeAnswer(question, utf8Encode('{"exception":6}'))), '000700000003018306')
})

const NO_ANSWERS: [what: string, payload: string, message: RegExp][] = [
  ['too few values', '{"values":[1]}', /asked for 2 values, the answer has 1/],
  ['no values', '{}', /the answer has none/],
  ['a value that is none', '{"values":[1,65536]}', /values\[1\] is 65536, expected a whole number/],
  ['no JSON', 'hello', /is not JSON/],
  ['an exception that is none', '{"exception":0}', /exception is 0/],
]
for (const [what, payload, message] of NO_ANSWERS) {
  test(`an answer with ${what} is refused: the handler failed`, () => {
    const [question] = decode(tcp, [tcpOf('0300000002')]).messages
    assert.throws(() => tcp.encodeAnswer(question, utf8Encode(payload)), { name: 'RangeError', message })
  })
}

test('bits may be answered as numbers', () => {
  const [question] = decode(tcp, [tcpOf('0100000003')]).messages
  assert.equal(toHex(tcp.encodeAnswer(question, utf8Encode('{"values":[1,false,1]}'))), '00070000000401010105')
  assert.throws(() => tcp.encodeAnswer(question, utf8Encode('{"values":[1,2,1]}')), /values\[1\] is 2, expected true or false/)
})

test('a write may be answered with anything', () => {
  const [question] = decode(tcp, [tcpOf('0600070102')]).messages
  for (const payload of ['', 'null', '{"ok":true}'])
    assert.equal(toHex(tcp.encodeAnswer(question, utf8Encode(payload))), '000700000006010600070102')
})

test('a connection that fails is told nothing: Modbus has no words for it', () => {
  for (const dialect of [tcp, rtu]) assert.equal(dialect.encodeError(undefined, problem('BAD_FRAME')).length, 0)
})

test('rtu: the function tells the length, and one without a known length ends where its crc fits', () => {
  const frames = [rtuOf('0300000001'), rtuOf('41aabbccdd'), rtuOf('0600070102'), rtuOf('07'), rtuOf(`100000${registers(2)}`), rtuOf('6e')]
  for (const reads of splits(Buffer.concat(frames))) {
    const { messages, error, buffered } = decode(rtu, reads)
    assert.deepEqual([error, buffered], [undefined, 0])
    assert.deepEqual(
      messages.map(({ kind, refusal }) => refusal?.code ?? kind),
      ['request', 'NO_ROUTE', 'request', 'NO_ROUTE', 'request', 'NO_ROUTE'],
    )
    assert.equal(toHex(rtu.encodeReply(messages[1])), toHex(rtuOf('c101')))
  }
})

test('rtu: a byte count that is wrong is exception 3, and the next frame is found', () => {
  const { messages } = decode(rtu, [Buffer.concat([rtuOf('10000000010300000000'.slice(0, 18)), rtuOf('0300000001')])])
  assert.deepEqual(
    messages.map(({ kind, refusal }) => refusal?.code ?? kind),
    ['BAD_PAYLOAD', 'request'],
  )
})

test('rtu: a wrong crc ends the connection, so do bytes in which none fits', () => {
  assert.equal(decode(rtu, [fromHex('01030000000ac5ce')]).error?.code, 'BAD_CHECKSUM')
  for (const size of [4, 100, 267]) assert.equal(decode(rtu, [new Uint8Array(size).fill(0x41)]).buffered, size)
  assert.equal(decode(rtu, [new Uint8Array(268).fill(0x41)]).error?.code, 'BAD_FRAME')
})

test('rtu: what goes to address 0 is for all, and nobody answers it', () => {
  const { messages } = decode(rtu, [rtuOf('0600070102', '00'), rtuOf('07', '00')])
  assert.deepEqual(
    messages.map(({ silent, kind }) => [silent, kind]),
    [
      [true, 'request'],
      [true, 'refused'],
    ],
  )
  assert.equal(utf8Decode(messages[0].payload), '{"unit":0,"address":7,"values":[258]}')
  assert.equal(rtu.encodeReply(messages[1]).length, 0)
  assert.equal(rtu.encodeError(messages[0], problem('NO_ROUTE')).length, 0)
})
