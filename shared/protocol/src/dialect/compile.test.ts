import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from '../errors.ts'
import { utf8Decode } from '../utf8.ts'
import { fromHex, readVectors, splits, toHex } from '../vectors.fixture.ts'
import { compileDialect } from './compile.ts'
import type { Dialect, DialectMessage } from './dialect.ts'
import { DIALECTS } from './dialects.ts'
import type { DialectTable } from './table.ts'

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

function decode(dialect: Dialect, reads: Iterable<Uint8Array>, maxPayload = 1_024) {
  const decoder = dialect.decoder({ maxPayload })
  const messages: DialectMessage[] = []
  for (const read of reads) {
    const error = decoder.push(read, messages)
    if (error !== undefined) return { messages, error, buffered: decoder.buffered }
  }
  return { messages, error: undefined, buffered: decoder.buffered }
}

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
        {
          kind: vector.kind,
          operation: vector.operation,
          correlation: vector.correlation,
          payload: vector.payload,
        },
      )
    }
    for (let size = 0; size < bytes.length; size++) {
      assert.deepEqual(decode(dialect, [bytes.subarray(0, size)]), { messages: [], error: undefined, buffered: size })
    }
  })

  test(`${vector.dialect}: answers ${vector.meaning} in the header it came with`, () => {
    const [question] = decode(dialect, [bytes]).messages
    if (vector.heartbeat !== undefined) assert.equal(toHex(dialect.encodeHeartbeat(question)), vector.heartbeat)
    if (vector.answer !== undefined) {
      assert.equal(toHex(dialect.encodeAnswer(question, fromHex(vector.answer.payload))), vector.answer.hex)
      assert.equal(
        toHex(dialect.encodeRequest({ operation: vector.operation, correlation: vector.correlation, payload: question.payload })),
        vector.hex,
      )
    }
    if (vector.error !== undefined) {
      const refused = dialect.encodeError(question, problem('NO_ROUTE'))
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
    const stream = fromHex(own.map(vector => vector.hex).join(''))
    for (const reads of splits(stream)) {
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
  ['vmol', 'a length above maxPayload', '0100000009000100000401', 'TOO_LARGE'],
  ['vmol', 'a length of 4 GiB', '01000000090001ffffffff', 'TOO_LARGE'],
  ['abcd', 'a wrong magic', 'abce01010000000000000005', 'BAD_FRAME'],
  ['abcd', 'a length above maxPayload', 'abcd01010000040100000005', 'TOO_LARGE'],
  ['abcd', 'bare bytes that are no PING', '50494e4b0000000000000000', 'BAD_FRAME'],
]

for (const [name, meaning, hex, code] of MALFORMED) {
  test(`${name}: refuses ${meaning} from the header alone`, () => {
    for (const reads of splits(fromHex(hex))) {
      const { messages, error, buffered } = decode(DIALECTS[name], reads)
      assert.deepEqual([messages.length, error?.code, buffered], [0, code, 0])
    }
  })
}

test('a shared port tells mc1, abcd and version 2 apart by their first bytes', () => {
  const { mc1, abcd, vmol } = DIALECTS
  const sniff = (hex: string) => [mc1, abcd].map(dialect => dialect.sniff(fromHex(hex)))
  assert.deepEqual(sniff('4d4301'), [true, false])
  assert.deepEqual(sniff('4d4302'), [false, false])
  assert.deepEqual(sniff('4d43'), [undefined, false])
  assert.deepEqual(sniff('ab'), [false, undefined])
  assert.deepEqual(sniff('abcd'), [false, true])
  assert.deepEqual(sniff('50494e47'), [false, true])
  assert.deepEqual(sniff('5049'), [false, undefined])
  assert.deepEqual(sniff('47455420'), [false, false])
  assert.deepEqual(sniff(''), [undefined, undefined])
  assert.equal(vmol.sniff(fromHex('01')), false)
  assert.deepEqual([mc1.ordered, abcd.ordered, vmol.ordered], [true, false, false])
})

const BASE: DialectTable = {
  name: 'sample',
  title: 'For this test',
  headerSize: 3,
  fields: [
    { name: 'magic', offset: 0, size: 1, constant: 0x5a },
    { name: 'length', offset: 1, size: 2, little: true },
  ],
  framing: { by: 'length', field: 'length', counts: 'payload' },
  shared: true,
}

function roundTrip(table: DialectTable, payload: string): string {
  const dialect = compileDialect(table)
  const bytes = dialect.encodeRequest({ payload: Buffer.from(payload) })
  for (const reads of splits(Buffer.concat([bytes, bytes]))) {
    const { messages, error } = decode(dialect, reads)
    assert.equal(error, undefined)
    assert.deepEqual(
      messages.map(message => Buffer.from(message.payload).toString()),
      [payload, payload],
    )
  }
  return toHex(bytes)
}

test('a length may count the payload, what follows it, or the whole frame, little or big', () => {
  assert.equal(roundTrip(BASE, 'hi'), '5a02006869')
  const late: DialectTable = { ...BASE, headerSize: 4, fields: [...BASE.fields, { name: 'cmd', offset: 3, size: 1 }], operation: 'cmd' }
  assert.equal(roundTrip({ ...late, framing: { by: 'length', field: 'length', counts: 'rest' } }, 'hi'), '5a0300016869')
  assert.equal(roundTrip({ ...late, framing: { by: 'length', field: 'length', counts: 'frame' } }, 'hi'), '5a0600016869')
})

test('a length that counts its header is refused where it claims less than that', () => {
  const dialect = compileDialect({ ...BASE, framing: { by: 'length', field: 'length', counts: 'frame' } })
  assert.equal(decode(dialect, [fromHex('5a0200')]).error?.code, 'BAD_FRAME')
})

test('a maximum below maxPayload holds', () => {
  const dialect = compileDialect({ ...BASE, framing: { by: 'length', field: 'length', counts: 'payload', maximum: 4 } })
  assert.equal(decode(dialect, [fromHex('5a0500')]).error?.code, 'TOO_LARGE')
  assert.equal(decode(dialect, [fromHex('5a040061626364')]).messages.length, 1)
})

test('a fixed size is padded, and a longer payload refused', () => {
  const fixed: DialectTable = { ...BASE, headerSize: 1, fields: [BASE.fields[0]], framing: { by: 'fixed', size: 5 } }
  assert.equal(roundTrip(fixed, 'abcd'), '5a61626364')
  assert.throws(() => compileDialect(fixed).encodeRequest({ payload: new Uint8Array(5) }), /payload has 5 bytes, expected at most 4/)
})

test('a delimiter ends a frame, an escape hides it, and CR before it is dropped', () => {
  const lines: DialectTable = {
    ...BASE,
    headerSize: 0,
    fields: [],
    framing: { by: 'delimiter', delimiter: 0x0a, ignore: 0x0d },
    shared: false,
  }
  assert.equal(roundTrip(lines, 'hello'), '68656c6c6f0a')
  const { messages } = decode(compileDialect(lines), [Buffer.from('one\r\ntwo\n\nthr')])
  assert.deepEqual(
    messages.map(message => utf8Decode(message.payload)),
    ['one', 'two', ''],
  )
  assert.throws(() => compileDialect(lines).encodeRequest({ payload: Buffer.from('a\nb') }), /has no escape/)
  assert.equal(roundTrip({ ...lines, framing: { by: 'delimiter', delimiter: 0x0a, escape: 0x5c } }, 'a\nb\\'), '615c0a625c5c0a')
  assert.equal(decode(compileDialect(lines), [new Uint8Array(1_025)]).error?.code, 'TOO_LARGE')
})

test('each checksum is written and held against what came', () => {
  const table = (algorithm: 'crc8' | 'crc16-modbus' | 'crc32', little = false): DialectTable => ({
    ...BASE,
    checksum: { algorithm, little },
  })
  assert.equal(
    roundTrip(
      { ...table('crc16-modbus', true), headerSize: 0, fields: [], framing: { by: 'fixed', size: 8 }, shared: false },
      '\x01\x03\0\0\0\x0a',
    ),
    '01030000000ac5cd',
  )
  for (const algorithm of ['crc8', 'crc16-modbus', 'crc32'] as const) {
    const bytes = fromHex(roundTrip(table(algorithm), 'hello'))
    for (let at = 3; at < bytes.length; at++) {
      const flipped = Uint8Array.from(bytes)
      flipped[at] ^= 1
      assert.equal(decode(compileDialect(table(algorithm)), [flipped]).error?.code, 'BAD_CHECKSUM', `${algorithm}, byte ${at}`)
    }
  }
})

test('a crc8 frame is that of the protocol', () => {
  const fields: DialectTable['fields'] = [
    { name: 'magic', offset: 0, size: 1, constant: 0x5a },
    { name: 'seq', offset: 1, size: 1 },
    { name: 'length', offset: 2, size: 2 },
    { name: 'cmd', offset: 4, size: 1 },
  ]
  const dialect = compileDialect({ ...BASE, headerSize: 5, fields, operation: 'cmd', correlation: 'seq', checksum: { algorithm: 'crc8' } })
  assert.equal(toHex(dialect.encodeRequest({ operation: 1, correlation: 3, payload: Buffer.from('hi') })), '5a030002016869bc')
})

test('an answer that does not fit the length field is refused, and an operation that does not fit its field', () => {
  assert.throws(() => compileDialect(BASE).encodeRequest({ payload: new Uint8Array(65_536) }), /expected at most 65535 in sample/)
  assert.throws(
    () => DIALECTS.mc1.encodeRequest({ operation: 256, payload: new Uint8Array(0) }),
    /type is 256, expected an integer from 0 to 255/,
  )
})
