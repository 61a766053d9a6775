import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from '../errors.ts'
import { utf8Decode } from '../utf8.ts'
import { fromHex, splits, toHex } from '../vectors.fixture.ts'
import { compileDialect } from './compile.ts'
import { decode } from './dialect.fixture.ts'
import { DIALECTS } from './dialects.ts'
import type { DialectTable } from './table.ts'

const BASE: DialectTable = {
  name: 'sample',
  title: 'For this test',
  headerSize: 3,
  fields: [
    { name: 'magic', offset: 0, type: 'u8', constant: 0x5a },
    { name: 'length', offset: 1, type: 'u16', little: true },
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
  const late: DialectTable = { ...BASE, headerSize: 4, fields: [...BASE.fields, { name: 'cmd', offset: 3, type: 'u8' }], operation: 'cmd' }
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
  assert.throws(() => compileDialect(lines).encodeRequest({ payload: Buffer.from('a\r') }), /has no escape/)
  const escaping = { ...lines, framing: { by: 'delimiter', delimiter: 0x0a, escape: 0x5c, ignore: 0x0d } } as const
  assert.equal(roundTrip(escaping, 'a\nb\\'), '615c0a625c5c0a')
  assert.equal(roundTrip(escaping, 'a\rb\r'), '610d625c0d0a')
  assert.equal(decode(compileDialect(lines), [new Uint8Array(1_026)]).error?.code, 'TOO_LARGE')
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

test('a checksum may stand in the header and cover the other bytes, or leave the first ones out', () => {
  const fields: DialectTable['fields'] = [...BASE.fields, { name: 'crc', offset: 3, type: 'u16', little: true }]
  const table: DialectTable = { ...BASE, headerSize: 5, fields, checksum: { algorithm: 'crc16-modbus', field: 'crc', covers: 'others' } }
  for (const from of [0, 1, 3]) {
    const dialect = compileDialect({ ...table, checksum: { ...table.checksum!, from } })
    const bytes = fromHex(roundTrip(dialect.table, 'hello'))
    for (let at = from; at < bytes.length; at++) {
      const flipped = Uint8Array.from(bytes)
      flipped[at] ^= 1
      if (at > 2) assert.equal(decode(dialect, [flipped]).error?.code, 'BAD_CHECKSUM', `from ${from}, byte ${at}`)
    }
  }
  const before = compileDialect({ ...table, checksum: { ...table.checksum!, covers: 'before' } })
  const bytes = fromHex(roundTrip(before.table, 'hello'))
  bytes[7] ^= 1
  assert.equal(decode(before, [bytes]).messages.length, 1)
})

test('a wrong checksum may be refused and the connection go on', () => {
  const dialect = compileDialect({ ...BASE, checksum: { algorithm: 'crc32', onMismatch: 'refuse' } })
  const bytes = dialect.encodeRequest({ payload: Buffer.from('hello') })
  const flipped = Uint8Array.from(bytes)
  flipped[4] ^= 1
  for (const reads of splits(Buffer.concat([flipped, bytes]))) {
    const { messages, error } = decode(dialect, reads)
    assert.equal(error, undefined)
    assert.deepEqual(
      messages.map(({ kind, refusal }) => [kind, refusal?.code]),
      [
        ['refused', 'BAD_CHECKSUM'],
        ['request', undefined],
      ],
    )
  }
})

test('a problem is told in fewer words where the frame is too small for all of them', () => {
  const small = (type: 'u8' | 'u16', most: number): DialectTable => ({
    ...BASE,
    headerSize: type === 'u8' ? 2 : 3,
    fields: [BASE.fields[0], { name: 'length', offset: 1, type }],
    framing: { by: 'length', field: 'length', counts: 'payload', maximum: most },
  })
  const told = (table: DialectTable) =>
    utf8Decode(
      compileDialect(table)
        .encodeError(undefined, problem('NO_ROUTE', { detail: 'x'.repeat(300) }))
        .subarray(table.headerSize),
    )
  assert.equal(JSON.parse(told(small('u16', 65_535))).detail.length, 300)
  assert.deepEqual(JSON.parse(told(small('u8', 255))), problem('NO_ROUTE'))
  const fixed: DialectTable = { ...BASE, headerSize: 1, fields: [BASE.fields[0]], framing: { by: 'fixed', size: 40 } }
  assert.deepEqual(JSON.parse(told(fixed).replaceAll('\0', '')), { code: 'NO_ROUTE', number: 4100 })
  assert.match(told({ ...fixed, framing: { by: 'fixed', size: 9 } }), /^\0{8}$/)
})

test('an answer that does not fit the length field is refused, and an operation that does not fit its field', () => {
  assert.throws(() => compileDialect(BASE).encodeRequest({ payload: new Uint8Array(65_536) }), /expected at most 65535 in sample/)
  assert.throws(
    () => DIALECTS.mc1.encodeRequest({ operation: 256, payload: new Uint8Array(0) }),
    /type is 256, expected an integer from 0 to 255/,
  )
})

test('nobody answers a heartbeat that goes to all', () => {
  const fields: DialectTable['fields'] = [...BASE.fields, { name: 'unit', offset: 3, type: 'u8' }, { name: 'cmd', offset: 4, type: 'u8' }]
  const table: DialectTable = { ...BASE, headerSize: 5, fields, operation: 'cmd', heartbeat: 0, broadcast: { field: 'unit', value: 0xff } }
  const dialect = compileDialect(table)
  const [toAll, toOne] = decode(dialect, [fromHex('5a0000ff00' + '5a00000100')]).messages
  assert.deepEqual([toHex(dialect.encodeReply(toAll)), toHex(dialect.encodeReply(toOne))], ['', '5a00000100'])
})
