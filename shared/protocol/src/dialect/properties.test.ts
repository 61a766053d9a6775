import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { problem } from '../errors.ts'
import { utf8Decode, utf8Encode } from '../utf8.ts'
import { checksumOf } from './checksum.ts'
import { compileDialect } from './compile.ts'
import { decode, openDecoder, wirePayload } from './dialect.fixture.ts'
import type { Dialect, DialectMessage } from './dialect.ts'
import { DIALECTS } from './dialects.ts'
import { FIELD_SIZES, largest } from './field.ts'
import { MODBUS_FUNCTIONS } from './modbus-function.ts'
import type { DialectTable, FieldType } from './table.ts'

const MAX_PAYLOAD = 1_024
const RUNS = { numRuns: 200 }

/** Bytes cut into reads at these places. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1], end)).filter(read => read.length > 0)
}

const cuts = fc.array(fc.nat(4_000), { maxLength: 6 })

/** The largest value of a correlation, or of an operation. */
const mostOf = ({ table }: Dialect, names: readonly string[]): number =>
  names.reduce((product, name) => product * (largest(table.fields.find(field => field.name === name)!) + 1), 1) - 1

interface Asked {
  operation: number | undefined
  correlation: number | undefined
  payload: Uint8Array
}

/** Requests that a dialect's frame can carry. */
function askable(dialect: Dialect, most = MAX_PAYLOAD): fc.Arbitrary<Asked> {
  const { operation, correlation = [], framing, headerSize, checksum } = dialect.table
  const trailer = checksum === undefined || checksum.field !== undefined ? 0 : { crc8: 1, 'crc16-modbus': 2, crc32: 4 }[checksum.algorithm]
  const fixed = framing.by === 'fixed' ? framing.size - headerSize - trailer : undefined
  const number = (names: readonly string[]) =>
    names.length === 0 ? fc.constant(undefined) : fc.maxSafeNat().map(nat => nat % (mostOf(dialect, names) + 1))
  const payload = fc.uint8Array({ minLength: fixed ?? 0, maxLength: fixed ?? most, size: 'max' })
  const carried =
    framing.by === 'delimiter' && framing.escape === undefined
      ? payload.filter(bytes => !bytes.includes(framing.delimiter) && (bytes.length === 0 || bytes.at(-1) !== framing.ignore))
      : payload
  return fc.record({
    operation: number(operation === undefined ? [] : [operation]),
    correlation: number([correlation].flat()),
    payload: carried,
  })
}

/** What was asked, however the bytes come. */
function sameAgain(dialect: Dialect, asked: readonly Asked[], places: readonly number[]): void {
  const bytes = Buffer.concat(asked.map(one => dialect.encodeRequest(one)))
  for (const reads of [[bytes], cutAt(bytes, places), Array.from(bytes, byte => Uint8Array.of(byte))]) {
    const { messages, error, buffered } = decode(dialect, reads, MAX_PAYLOAD)
    assert.deepEqual([error, buffered, messages.length], [undefined, 0, asked.length])
    messages.forEach((message, index) => {
      const { operation, correlation } = message
      assert.deepEqual(
        { operation, correlation, payload: Buffer.from(wirePayload(dialect, message)) },
        { ...asked[index], payload: Buffer.from(asked[index].payload) },
      )
    })
  }
}

/** Tables as users may write them: every framing, checksum and byte order. */
const OWN: readonly DialectTable[] = (['crc8', 'crc16-modbus', 'crc32'] as const).flatMap((algorithm, index) => {
  const type = (['u8', 'u16', 'u32'] as const)[index]
  const header: DialectTable = {
    name: `own-${algorithm}`,
    title: 'Of a user',
    headerSize: 14,
    fields: [
      { name: 'magic', offset: 0, type: 'u8', constant: 0x7e },
      { name: 'length', offset: 1, type: 'u16', little: true },
      { name: 'cmd', offset: 3, type: 'u16', little: true },
      { name: 'id', offset: 5, type: 'u32', little: true },
      { name: 'sum', offset: 9, type },
    ],
    operation: 'cmd',
    correlation: 'id',
    framing: { by: 'length', field: 'length', counts: 'frame' },
    checksum: { algorithm, field: 'sum', covers: 'others', from: 1 },
  }
  const trailing = { algorithm, little: true } as const
  return [
    header,
    {
      ...header,
      name: `${header.name}-end`,
      checksum: { ...trailing, from: 2 },
      framing: { by: 'length', field: 'length', counts: 'rest' },
    },
    { ...header, name: `${header.name}-fixed`, checksum: trailing, framing: { by: 'fixed', size: 40 } },
    {
      ...header,
      name: `${header.name}-escape`,
      checksum: trailing,
      framing: { by: 'delimiter', delimiter: 0x7e, escape: 0x7d, ignore: 0x0d },
    },
  ]
})

const PLAIN = [...Object.values(DIALECTS).filter(({ table }) => table.modbus === undefined), ...OWN.map(compileDialect)]

for (const dialect of PLAIN) {
  describe(dialect.name, () => {
    test('what is encoded is decoded: in one read, cut anywhere, a byte at a time', () => {
      fc.assert(
        fc.property(fc.array(askable(dialect), { minLength: 1, maxLength: 3 }), cuts, (asked, places) => sameAgain(dialect, asked, places)),
        RUNS,
      )
    })

    test('an answer and a failure wear the header of their question', () => {
      fc.assert(
        fc.property(askable(dialect), askable(dialect), (asked, { payload }) => {
          const [question] = decode(dialect, [dialect.encodeRequest(asked)], MAX_PAYLOAD).messages
          const { answer = asked.operation, error = answer } = dialect.table
          const read = (bytes: Uint8Array): DialectMessage => decode(dialect, [bytes], MAX_PAYLOAD).messages[0]
          const told = read(dialect.encodeAnswer(question, payload))
          assert.deepEqual([told.operation, told.correlation, Buffer.from(told.payload)], [answer, asked.correlation, Buffer.from(payload)])
          const refused = read(dialect.encodeError(question, problem('NO_ROUTE')))
          assert.deepEqual([refused.operation, refused.correlation], [error, asked.correlation])
        }),
        RUNS,
      )
    })

    test('a frame that ends early is held, at every byte, and nothing is read of it', () => {
      fc.assert(
        fc.property(askable(dialect, 32), asked => {
          const bytes = dialect.encodeRequest(asked)
          for (let size = 0; size < bytes.length; size++) {
            const { messages, error, buffered } = decode(dialect, [bytes.subarray(0, size)], MAX_PAYLOAD)
            assert.deepEqual([messages.length, error, buffered], [0, undefined, size])
          }
        }),
        { numRuns: 30 },
      )
    })
  })
}

/** A PDU that reaches a handler, and the JSON it is there. */
const pdus = fc.constantFrom(...Object.keys(MODBUS_FUNCTIONS).map(Number)).chain(code => {
  const { kind, of, most } = MODBUS_FUNCTIONS[code]
  const value: fc.Arbitrary<number | boolean> = of === 'bits' ? fc.boolean() : fc.nat(0xffff)
  return fc
    .record({ address: fc.nat(0x10000 - most), values: fc.array(value, { minLength: 1, maxLength: most, size: 'max' }) })
    .map(({ address, values }) => {
      const count = values.length
      const head = [address >> 8, address & 0xff]
      if (kind === 'read') return { code, data: [...head, count >> 8, count & 0xff], json: { address, count }, values }
      if (kind === 'writeOne') {
        const written = of === 'bits' ? (values[0] ? [0xff, 0] : [0, 0]) : [Number(values[0]) >> 8, Number(values[0]) & 0xff]
        return { code, data: [...head, ...written], json: { address, values: values.slice(0, 1) }, values }
      }
      const bytes = valueBytes(values)
      return { code, data: [...head, count >> 8, count & 0xff, bytes.length, ...bytes], json: { address, values }, values }
    })
})

/** Registers in two bytes each, bits eight in a byte and the lowest first. */
function valueBytes(values: readonly (number | boolean)[]): number[] {
  if (typeof values[0] === 'number') return values.flatMap(value => [Number(value) >> 8, Number(value) & 0xff])
  const bytes: number[] = new Array(Math.ceil(values.length / 8)).fill(0)
  values.forEach((value, index) => {
    if (value) bytes[index >> 3] |= 1 << (index & 7)
  })
  return bytes
}

const MODBUS: Readonly<Record<string, (unit: number, pdu: readonly number[]) => Uint8Array>> = {
  'modbus-tcp': (unit, pdu) => Uint8Array.of(0x12, 0x34, 0, 0, 0, pdu.length + 1, unit, ...pdu),
  'modbus-rtu': (unit, pdu) => {
    const bytes = Uint8Array.of(unit, ...pdu)
    const crc = checksumOf('crc16-modbus', bytes, 0, bytes.length)
    return Uint8Array.of(...bytes, crc & 0xff, crc >> 8)
  },
}

for (const [name, framed] of Object.entries(MODBUS)) {
  const dialect = DIALECTS[name]

  describe(name, () => {
    test('every request is read as what it asks, and every answer is the PDU of its values', () => {
      fc.assert(
        fc.property(pdus, fc.integer({ min: 1, max: 255 }), cuts, ({ code, data, json, values }, unit, places) => {
          const bytes = framed(unit, [code, ...data])
          for (const reads of [[bytes], cutAt(bytes, places), Array.from(bytes, byte => Uint8Array.of(byte))]) {
            const { messages, error } = decode(dialect, reads)
            assert.deepEqual([error, messages.length, messages[0].kind, messages[0].operation], [undefined, 1, 'request', code])
            assert.deepEqual(JSON.parse(utf8Decode(messages[0].payload)), { unit, ...json })
            const answer = dialect.encodeAnswer(messages[0], utf8Encode(JSON.stringify({ values })))
            const told = MODBUS_FUNCTIONS[code].kind === 'read' ? [valueBytes(values).length, ...valueBytes(values)] : data.slice(0, 4)
            assert.deepEqual(Buffer.from(answer), Buffer.from(framed(unit, [code, ...told])))
          }
        }),
        RUNS,
      )
    })

    test('a request that ends early is held, at every byte', () => {
      fc.assert(
        fc.property(pdus, ({ code, data }) => {
          const bytes = framed(1, [code, ...data])
          const decoder = openDecoder(dialect)
          const messages: DialectMessage[] = []
          for (const [at, byte] of bytes.entries()) {
            assert.deepEqual([messages.length, decoder.buffered], [0, at])
            assert.equal(decoder.push(Uint8Array.of(byte), messages), undefined)
          }
          assert.equal(messages.length, 1)
        }),
        RUNS,
      )
    })
  })
}

test('numbers of every type and byte order are read as they were written', () => {
  const types = Object.keys(FIELD_SIZES) as FieldType[]
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.boolean(), fc.nat(), (type, little, drawn) => {
      const value = drawn % (largest({ type }) + 1)
      const table: DialectTable = {
        ...{ name: 'numbers', title: 'For this test', headerSize: 6 },
        fields: [
          { name: 'length', offset: 0, type: 'u16' },
          { name: 'number', offset: 2, type, little },
        ],
        framing: { by: 'length', field: 'length', counts: 'payload' },
        operation: 'number',
      }
      sameAgain(compileDialect(table), [{ operation: value, correlation: undefined, payload: new Uint8Array(3) }], [1])
    }),
    RUNS,
  )
})
