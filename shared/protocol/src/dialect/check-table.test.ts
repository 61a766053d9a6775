import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDialect } from './compile.ts'
import { MC1 } from './mc1.ts'
import { MC1_HANDSHAKE } from './mc1-handshake.ts'
import type { DialectTable } from './table.ts'

const [magic, version, type, length] = MC1.fields

const WRONG: [meaning: string, table: DialectTable, message: RegExp][] = [
  ['a name with a blank', { ...MC1, name: 'my dialect' }, /name is "my dialect"/],
  ['a header too large', { ...MC1, headerSize: 1_000 }, /headerSize is 1000, expected an integer from 0 to 256/],
  ['a field past the header', { ...MC1, headerSize: 6 }, /fields\[3\] \(length\) ends at 8, expected at most headerSize, 6/],
  [
    'fields that overlap',
    { ...MC1, fields: [magic, version, type, { ...length, offset: 3 }] },
    /\(length\) covers byte 3, which type covers/,
  ],
  [
    'two fields of one name',
    { ...MC1, fields: [magic, version, { ...type, name: 'version' }, length] },
    /fields\[2\] \(version\) has a name/,
  ],
  ['a field of 3 bytes', { ...MC1, fields: [{ ...magic, type: 'u24' as 'u16' }] }, /fields\[0\] \(magic\)\.type is u24/],
  ['a constant too large', { ...MC1, fields: [magic, { ...version, constant: 256 }, type, length] }, /\(version\)\.constant is 256/],
  ['a length field that is not there', { ...MC1, framing: { by: 'length', field: 'size', counts: 'payload' } }, /framing\.field is size/],
  [
    'a length field that is a constant',
    { ...MC1, framing: { by: 'length', field: 'magic', counts: 'payload' } },
    /framing\.field magic is a constant/,
  ],
  [
    'a length that counts nothing known',
    { ...MC1, framing: { by: 'length', field: 'length', counts: 'all' as 'rest' } },
    /framing\.counts is all/,
  ],
  ['a fixed size below its header', { ...MC1, framing: { by: 'fixed', size: 7 } }, /framing\.size is 7, expected an integer from 8/],
  [
    'a delimiter that is its own escape',
    { ...MC1, framing: { by: 'delimiter', delimiter: 10, escape: 10 } },
    /framing\.escape is the delimiter/,
  ],
  [
    'a delimiter without an escape where a header may hold it',
    { ...MC1, framing: { by: 'delimiter', delimiter: 10 } },
    /framing\.escape is absent, expected an escape/,
  ],
  [
    'sizes by operation without a checksum to find the others by',
    { ...MC1, framing: { by: 'operation', sizes: {}, maximum: 64 } },
    /expected a checksum at the end/,
  ],
  [
    'a size below its header',
    { ...MC1, framing: { by: 'operation', sizes: { 1: 4 }, maximum: 64 }, checksum: { algorithm: 'crc8' } },
    /framing\.sizes\.1 is 4, expected an integer from 9 to 64/,
  ],
  [
    'a checksum in a field too small for it',
    { ...MC1, checksum: { algorithm: 'crc32', field: 'type' } },
    /checksum\.field type is a u8, expected a u32/,
  ],
  [
    'correlation fields too large for a number',
    { ...MC1, correlation: ['length', 'length'] },
    /correlation has 8 bytes, expected at most 6/,
  ],
  ['repeats without a correlation', { ...MC1, repeats: 4 }, /repeats is 4, expected a correlation/],
  ['a broadcast of a field that is not there', { ...MC1, broadcast: { field: 'unit', value: 0 } }, /broadcast is unit/],
  [
    'Modbus without a function',
    { ...MC1, operation: undefined, error: undefined, heartbeat: undefined, modbus: { unit: 'type' } },
    /modbus is set/,
  ],
  [
    'a handshake whose number is too small',
    { ...MC1_HANDSHAKE, handshake: { ...MC1_HANDSHAKE.handshake!, number: 'length' } },
    /handshake: number is a u16, expected a u32/,
  ],
  ['an unknown framing', { ...MC1, framing: { by: 'magic' } as unknown as DialectTable['framing'] }, /framing\.by is magic/],
  ['an operation field that is not there', { ...MC1, operation: 'cmd' }, /operation is cmd, expected the name of a field/],
  ['a correlation field that is not there', { ...MC1, correlation: 'seq' }, /correlation is seq/],
  ['an error operation too large', { ...MC1, error: 0xffff }, /error is 65535, expected an integer from 0 to 255/],
  ['a heartbeat without an operation', { ...MC1, operation: undefined, error: undefined }, /heartbeat is 0, expected nothing/],
  ['an unknown checksum', { ...MC1, checksum: { algorithm: 'md5' as 'crc8' } }, /checksum\.algorithm is md5/],
  ['shared without a constant', { ...MC1, fields: [{ ...magic, constant: undefined }, version, type, length] }, /shared is true/],
  [
    'a bare heartbeat that begins as a frame',
    { ...MC1, bareHeartbeat: { question: 'MARCO', answer: 'POLO' } },
    /bareHeartbeat could be a frame/,
  ],
]

for (const [meaning, table, message] of WRONG) {
  test(`refuses ${meaning}, naming it`, () => {
    assert.throws(() => compileDialect(table), { name: 'TypeError', message })
  })
}
