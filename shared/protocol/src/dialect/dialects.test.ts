import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from '../errors.ts'
import { utf8Decode } from '../utf8.ts'
import { fromHex, readVectors, splits, toHex } from '../vectors.fixture.ts'
import { decode, openDecoder, wirePayload } from './dialect.fixture.ts'
import { DIALECTS } from './dialects.ts'

/** Bytes from the protocol's page and from other specifications, not from our compiler. */
interface DialectVector {
  dialect: string
  meaning: string
  hex: string
  kind: string
  operation?: number
  correlation?: number
  payload: string
  answer?: { payload: string; hex: string }
  error?: string
  heartbeat?: string
}

const vectors = readVectors<DialectVector>('dialects')

for (const vector of vectors) {
  const dialect = DIALECTS[vector.dialect]
  const bytes = fromHex(vector.hex)

  test(`${vector.dialect}: reads ${vector.meaning}, however it is split`, () => {
    for (const reads of splits(bytes)) {
      const { messages, buffered } = decode(dialect, reads)
      assert.equal(messages.length, 1)
      assert.equal(buffered, 0)
      const { kind, operation, correlation, payload } = messages[0]
      assert.deepEqual(
        { kind, operation, correlation, payload: toHex(payload) },
        { kind: vector.kind, operation: vector.operation, correlation: vector.correlation, payload: vector.payload },
      )
    }
    for (let size = 0; size < bytes.length; size++) {
      assert.deepEqual(decode(dialect, [bytes.subarray(0, size)]), { messages: [], error: undefined, buffered: size })
    }
  })

  test(`${vector.dialect}: answers ${vector.meaning} in the header it came with`, () => {
    const [question] = decode(dialect, [bytes]).messages
    if (vector.heartbeat !== undefined) assert.equal(toHex(dialect.encodeReply(question)), vector.heartbeat)
    if (vector.answer !== undefined) {
      assert.equal(toHex(dialect.encodeAnswer(question, fromHex(vector.answer.payload))), vector.answer.hex)
      const { operation, correlation } = vector
      if (dialect.table.framing.by === 'operation') return
      assert.equal(toHex(dialect.encodeRequest({ operation, correlation, payload: wirePayload(dialect, question) })), vector.hex)
    }
    if (vector.error === undefined) return
    const refused = dialect.encodeError(question, problem('NO_ROUTE'))
    if (dialect.table.modbus !== undefined) assert.equal(toHex(refused), vector.error)
    else {
      assert.ok(toHex(refused).startsWith(vector.error))
      const [read] = decode(dialect, [refused]).messages
      assert.deepEqual(JSON.parse(utf8Decode(read.payload)), problem('NO_ROUTE'))
      assert.equal(read.correlation, question.correlation)
    }
  })
}

test('messages of one read come in order, heartbeats between them', () => {
  for (const name of Object.keys(DIALECTS)) {
    const own = vectors.filter(vector => vector.dialect === name)
    assert.ok(own.length > 0, `${name} has bytes of its own`)
    for (const reads of splits(fromHex(own.map(vector => vector.hex).join('')))) {
      assert.deepEqual(
        decode(DIALECTS[name], reads).messages.map(message => message.kind),
        own.map(vector => vector.kind),
      )
    }
  }
})

const MALFORMED: [dialect: string, meaning: string, hex: string, code: string][] = [
  ['mc1', 'a wrong magic', '4d44010100000000', 'BAD_FRAME'],
  ['mc1', 'version 2', '4d43020100000000', 'UNSUPPORTED_VERSION'],
  ['mc1', 'a negative length', '4d430101ffffffff', 'BAD_FRAME'],
  ['mc1', 'the most negative length', '4d43010180000000', 'BAD_FRAME'],
  ['mc1', 'a length above maxPayload', '4d43010100000401', 'TOO_LARGE'],
  ['mc1-handshake', 'a negative length', '4d430101ffffffff', 'BAD_FRAME'],
  ['length32', 'a length above maxPayload', '00000401', 'TOO_LARGE'],
  ['length32', 'a length of 4 GiB', 'ffffffff', 'TOO_LARGE'],
  ['vcl', 'version 2', '02000100000000', 'UNSUPPORTED_VERSION'],
  ['vcl', 'a length above maxPayload', '01000100000401', 'TOO_LARGE'],
  ['vmol', 'a length above maxPayload', '0100000009000100000401', 'TOO_LARGE'],
  ['vmol', 'a length of 4 GiB', '01000000090001ffffffff', 'TOO_LARGE'],
  ['abcd', 'a wrong magic', 'abce01010000000000000005', 'BAD_FRAME'],
  ['abcd', 'a length above maxPayload', 'abcd01010000040100000005', 'TOO_LARGE'],
  ['abcd', 'bare bytes that are no PING', '50494e4b0000000000000000', 'BAD_FRAME'],
  ['5a', 'a wrong magic', '5b03000201', 'BAD_FRAME'],
  ['5a', 'a length above maxPayload', '5a03040101', 'TOO_LARGE'],
  ['modbus-tcp', 'a protocol that is not Modbus', '0001000100060103', 'BAD_FRAME'],
  ['modbus-tcp', 'a length without a function', '0001000000010103', 'BAD_FRAME'],
  ['modbus-tcp', 'a length above the specification', '0001000000ff0103', 'TOO_LARGE'],
]

for (const [name, meaning, hex, code] of MALFORMED) {
  test(`${name}: refuses ${meaning} from the header alone`, () => {
    for (const reads of splits(fromHex(hex))) {
      const { messages, error, buffered } = decode(DIALECTS[name], reads)
      assert.deepEqual([messages.length, error?.code, buffered], [0, code, 0])
    }
  })
}

test('a failed decoder decodes nothing more', () => {
  for (const [name, , hex, code] of MALFORMED) {
    const decoder = openDecoder(DIALECTS[name])
    assert.equal(decoder.push(fromHex(hex), [])?.code, code)
    const after: unknown[] = []
    assert.equal(decoder.push(fromHex(vectors.find(vector => vector.dialect === name)!.hex), after as never[])?.code, code)
    assert.equal(after.length, 0)
  }
})

test('lines: a line without an end is refused once it is longer than a payload may be', () => {
  const { lines } = DIALECTS
  assert.equal(decode(lines, [Buffer.alloc(1_025, 0x61)]).buffered, 1_025)
  const cut = decode(lines, [Buffer.alloc(1_000, 0x61), Buffer.alloc(26, 0x61)])
  assert.deepEqual([cut.error?.code, cut.buffered], ['TOO_LARGE', 0])
  assert.equal(decode(lines, [Buffer.from(`${'a'.repeat(1_025)}\n`)]).error?.code, 'TOO_LARGE')
  assert.equal(decode(lines, [Buffer.from(`${'a'.repeat(1_024)}\r\n`)]).messages.length, 1)
})

test('5a: a wrong crc is refused with NAK, asks for the message again, and the connection goes on', () => {
  const dialect = DIALECTS['5a']
  for (const reads of splits(fromHex('5a030002016869bd5a030002016869bc'))) {
    const { messages, error } = decode(dialect, reads)
    assert.deepEqual([messages.map(({ kind }) => kind), error], [['refused', 'request'], undefined])
    const [nak] = decode(dialect, [dialect.encodeReply(messages[0])]).messages
    assert.deepEqual([nak.correlation, nak.operation, JSON.parse(utf8Decode(nak.payload)).code], [3, 0x15, 'BAD_CHECKSUM'])
  }
})

test('a shared port tells mc1, abcd, 5a and version 2 apart by their first bytes', () => {
  const { mc1, abcd, '5a': fiveA } = DIALECTS
  const sniff = (hex: string) => [mc1, abcd, fiveA].map(dialect => dialect.sniff(fromHex(hex)))
  assert.deepEqual(sniff('4d4301'), [true, false, false])
  assert.deepEqual(sniff('4d4302'), [false, false, false])
  assert.deepEqual(sniff('4d43'), [undefined, false, false])
  assert.deepEqual(sniff('ab'), [false, undefined, false])
  assert.deepEqual(sniff('abcd'), [false, true, false])
  assert.deepEqual(sniff('50494e47'), [false, true, false])
  assert.deepEqual(sniff('5049'), [false, undefined, false])
  assert.deepEqual(sniff('5a'), [false, false, true])
  assert.deepEqual(sniff('47455420'), [false, false, false])
  assert.deepEqual(sniff(''), [undefined, undefined, undefined])
  for (const name of ['vmol', 'vcl', 'length32', 'lines', 'mc1-handshake', 'modbus-tcp', 'modbus-rtu']) {
    assert.equal(DIALECTS[name].sniff(fromHex('01')), false, name)
  }
})

test('answers are matched by what the header has', () => {
  const ordered = Object.values(DIALECTS).filter(dialect => dialect.ordered)
  assert.deepEqual(
    ordered.map(({ name }) => name),
    ['mc1', 'mc1-handshake', 'length32', 'lines', 'vcl', 'modbus-rtu'],
  )
})
