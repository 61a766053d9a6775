import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../vectors.fixture.ts'
import { compileDialect } from './compile.ts'
import { decode } from './dialect.fixture.ts'
import { DIALECTS } from './dialects.ts'
import { readDialectTable } from './read-table.ts'

/** A tracker's header, as a configuration writes it. */
const TRACKER = {
  headerSize: 6,
  fields: [
    { name: 'start', offset: 0, type: 'u16', constant: 0x7878 },
    { name: 'length', offset: 2, type: 'u8' },
    { name: 'kind', offset: 3, type: 'u8' },
    { name: 'serial', offset: 4, type: 'u16' },
  ],
  framing: { by: 'length', field: 'length', counts: 'rest' },
  checksum: { algorithm: 'crc16-modbus', from: 2 },
  operation: 'kind',
  correlation: 'serial',
  heartbeat: 0x13,
  error: 0xff,
}

test('a table of a configuration is compiled as one that ships', () => {
  const dialect = compileDialect(readDialectTable('tracker', TRACKER))
  const bytes = dialect.encodeRequest({ operation: 1, correlation: 7, payload: Buffer.from('hi') })
  // the checksum by another program, from byte 2 on
  assert.equal(toHex(bytes), '78780701000768694362')
  const [message] = decode(dialect, [bytes]).messages
  assert.deepEqual([message.operation, message.correlation, message.kind], [1, 7, 'request'])
  assert.equal(dialect.table.title, 'tracker')
})

test('every table that ships can be written in a configuration', () => {
  for (const { name, table } of Object.values(DIALECTS)) {
    const { name: _, shared: __, handshake, ...written } = table
    const { name: ___, ...steps } = handshake ?? { name: '' }
    const raw: unknown = JSON.parse(JSON.stringify(handshake === undefined ? written : { ...written, handshake: steps }))
    const { shared, ...read } = { shared: undefined, ...readDialectTable(name, raw) }
    assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify({ ...table, shared })))
  }
})

const WRONG: [what: string, raw: unknown, message: RegExp][] = [
  ['a table that is none', 'tracker', /dialect tracker: it is "tracker", expected keys and values/],
  ['no fields', { ...TRACKER, fields: undefined }, /fields is absent, expected a list/],
  ['a key that is not known', { ...TRACKER, heartBeat: 1 }, /heartBeat is not known, expected .*heartbeat/],
  ['shared', { ...TRACKER, shared: true }, /shared is not known/],
  [
    'a field without a type',
    { ...TRACKER, fields: [{ name: 'a', offset: 0 }] },
    /fields\[0\]\.type is absent, expected one of u8, u16, u32, i32/,
  ],
  [
    'an offset that is a text',
    { ...TRACKER, fields: [{ name: 'a', offset: '0', type: 'u8' }] },
    /fields\[0\]\.offset is "0", expected an integer/,
  ],
  ['an unknown framing', { ...TRACKER, framing: { by: 'magic' } }, /framing\.by is "magic", expected length, fixed, delimiter, operation/],
  ['a framing without a count', { ...TRACKER, framing: { by: 'length', field: 'length' } }, /framing\.counts is absent/],
  ['a checksum of another kind', { ...TRACKER, checksum: { algorithm: 'md5' } }, /checksum\.algorithm is "md5"/],
  [
    'three correlation fields',
    { ...TRACKER, correlation: ['a', 'b', 'c'] },
    /correlation is .*, expected the name of a field, or a list of two/,
  ],
  ['a size by a name', { ...TRACKER, framing: { by: 'operation', sizes: { read: 8 }, maximum: 256 } }, /framing\.sizes\.read is not known/],
  [
    'a field that overlaps',
    { ...TRACKER, fields: [...TRACKER.fields, { name: 'x', offset: 5, type: 'u8' }] },
    /covers byte 5, which serial covers/,
  ],
  ['an operation that is no field', { ...TRACKER, operation: 'cmd' }, /operation is cmd, expected the name of a field: start, length/],
]
for (const [what, raw, message] of WRONG) {
  test(`refuses ${what}, naming it`, () => {
    assert.throws(() => readDialectTable('tracker', raw), { name: 'TypeError', message })
  })
}
