import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type StructField, struct } from './struct.ts'

const READING: StructField[] = [
  { name: 'device', type: 'u32' },
  { name: 'valid', type: 'bool' },
  { name: 'celsius', type: 'i16' },
  { name: 'count', type: 'u8' },
  { name: 'samples', type: 'u16', length: 'count' },
  { name: 'name', type: 'text', length: 2 },
  { name: 'rest', type: 'bytes', length: 'rest' },
]
const value = { device: 0x01020304, valid: true, celsius: -2, count: 2, samples: [1, 0xffff], name: 'ab', rest: Buffer.from([9, 8]) }

describe('a struct', () => {
  test('reads fields one after the other, big-endian unless it says little', () => {
    const { decode } = struct({ fields: READING })
    assert.deepEqual(decode(Buffer.from('01020304' + '01' + 'fffe' + '02' + '0001ffff' + '6162' + '0908', 'hex')), value)
    const little = struct({ fields: READING, endian: 'little' })
    assert.deepEqual(little.decode(Buffer.from('04030201' + '01' + 'feff' + '02' + '0100ffff' + '6162' + '0908', 'hex')), value)
  })

  test('writes what it reads, whatever the numbers', () => {
    const types = {
      u8: [0, 255],
      i8: [-128, 127],
      u16: [0, 65_535],
      i16: [-32_768, 32_767],
      u32: [0, 0xffffffff],
      i32: [-(2 ** 31), 2 ** 31 - 1],
    } as const
    const fields: StructField[] = [
      ...Object.keys(types).map(type => ({ name: type, type: type as 'u8' })),
      { name: 'u64', type: 'u64' },
      { name: 'i64', type: 'i64' },
      { name: 'f64', type: 'f64' },
      { name: 'f32', type: 'f32' },
    ]
    const numbers = Object.fromEntries(Object.entries(types).map(([type, [min, max]]) => [type, fc.integer({ min, max })]))
    const values = fc.record({
      ...numbers,
      u64: fc.bigInt(0n, 2n ** 64n - 1n),
      i64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      f64: fc.double(),
      f32: fc.float(),
    })
    fc.assert(
      fc.property(values, fc.constantFrom('big', 'little'), (each, endian) => {
        const codec = struct({ fields, endian: endian as 'big' })
        assert.deepEqual(codec.decode(codec.encode(each)), { ...each })
      }),
    )
  })

  test('names the field that is too short, not UTF-8, no bool, or what is left over', () => {
    const { decode } = struct({ fields: READING })
    assert.throws(() => decode(Buffer.from('010203', 'hex')), /^Error: device: 4 bytes expected at 0, the payload has 3 left/)
    assert.throws(() => decode(Buffer.from('0102030405fffe00', 'hex')), /^Error: valid: 5 is no bool/)
    assert.throws(
      () => decode(Buffer.from('0102030401fffe03' + '0001', 'hex')),
      /^Error: samples: 6 bytes expected at 8, the payload has 2 left/,
    )
    assert.throws(() => decode(Buffer.from('0102030401fffe00' + 'ff41', 'hex')), /^Error: name: not UTF-8/)
    assert.throws(
      () => struct({ fields: [{ name: 'a', type: 'u8' }] }).decode(Uint8Array.of(1, 2)),
      /^Error: 1 bytes beyond the last field a/,
    )
  })

  for (const [field, wrong, says] of [
    ['device', -1, /^Error: device: -1: expected a whole number from 0 to 4294967295/],
    ['celsius', 40_000, /^Error: celsius: 40000: expected a whole number from -32768 to 32767/],
    ['valid', 1, /^Error: valid: expected true or false/],
    ['samples', [1], /^Error: samples: 1 values, expected 2/],
    ['samples', [1, 'x'], /^Error: samples\.1: x: expected a whole number/],
    ['name', 'abc', /^Error: name: 3 bytes, expected 2/],
    ['rest', 'text', /^Error: rest: expected bytes/],
  ] as const) {
    test(`is not written where ${field} is ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => struct({ fields: READING }).encode({ ...value, [field]: wrong }), says)
    })
  }

  for (const [fields, says] of [
    [[{ name: 'a', type: 'u7' }], /field "a": type "u7": expected one of u8, /],
    [[{ name: 'a', type: 'text' }], /field "a": expected a length/],
    [
      [
        { name: 'a', type: 'u8', length: 'rest' },
        { name: 'b', type: 'u8' },
      ],
      /field "a": length 'rest': expected of the last field/,
    ],
    [[{ name: 'a', type: 'u8', length: 'n' }], /field "a": length "n": expected the name of an earlier field/],
    [
      [
        { name: 'a', type: 'u8' },
        { name: 'a', type: 'u8' },
      ],
      /field "a": the name is taken/,
    ],
    [[{ name: 'a', type: 'bytes', length: -1 }], /field "a": length -1: expected a whole number/],
  ] as const) {
    test(`is no table: ${JSON.stringify(fields)}`, () => {
      assert.throws(() => struct({ fields: fields as unknown as StructField[] }), says)
    })
  }
})
