import { Codec } from '@causeway/protocol'
import type { PayloadCodec } from './payload-codec.ts'

/** How a DataView reads and writes each number (its methods' names without get and set), its bytes, and what it holds; a float holds any number. */
const NUMBERS = {
  u8: { view: 'Uint8', size: 1, least: 0n, most: 0xffn },
  i8: { view: 'Int8', size: 1, least: -0x80n, most: 0x7fn },
  u16: { view: 'Uint16', size: 2, least: 0n, most: 0xffffn },
  i16: { view: 'Int16', size: 2, least: -0x8000n, most: 0x7fffn },
  u32: { view: 'Uint32', size: 4, least: 0n, most: 0xffff_ffffn },
  i32: { view: 'Int32', size: 4, least: -0x8000_0000n, most: 0x7fff_ffffn },
  u64: { view: 'BigUint64', size: 8, least: 0n, most: 0xffff_ffff_ffff_ffffn },
  i64: { view: 'BigInt64', size: 8, least: -0x8000_0000_0000_0000n, most: 0x7fff_ffff_ffff_ffffn },
  f32: { view: 'Float32', size: 4 },
  f64: { view: 'Float64', size: 8 },
} as const

/** u8 to i64, f32 and f64 as in C; 64-bit integers are bigint. bool is one byte. */
export type NumberType = keyof typeof NUMBERS
export type FieldType = NumberType | 'bool' | 'text' | 'bytes'

export interface StructField {
  name: string
  type: FieldType
  /** For text (UTF-8) and bytes: their length, bytes; for the others: how many there are, as a list. A name is an earlier field's value; `rest`: up to the end of the payload, last field only. */
  length?: number | string
}

export interface StructOptions {
  fields: readonly StructField[]
  /** Default big. */
  endian?: 'big' | 'little'
  /** Of answers. Default the same fields. */
  answer?: readonly StructField[]
  /** Of the codec: 0, for payloads that name none, or 128 to 255. Default 0. */
  number?: number
}

/** Fields one after the other without padding, as devices send them. Throws a TypeError that names the field where the table is wrong. */
export function struct({ fields, endian = 'big', answer = fields, number = Codec.BYTES }: StructOptions): PayloadCodec {
  if (number !== Codec.BYTES && !(Number.isInteger(number) && number >= 128 && number <= 255)) {
    throw new TypeError(`struct: codec number ${number}: expected 0, or a whole number from 128 to 255`)
  }
  check(fields)
  check(answer)
  const little = endian === 'little'
  return {
    number,
    name: 'struct',
    decode: payload => decode(fields, payload, little),
    encode: value => encode(answer, value, little),
  }
}

function check(fields: readonly StructField[]): void {
  const known = new Map<string, StructField>()
  fields.forEach((field, index) => {
    const { name, type, length } = field
    const wrong = (expected: string): TypeError => new TypeError(`struct: field ${JSON.stringify(name)}: ${expected}`)
    if (typeof name !== 'string' || name === '' || name === '__proto__') throw wrong('expected a name')
    if (known.has(name)) throw wrong('the name is taken')
    if (!(type in NUMBERS) && type !== 'bool' && type !== 'text' && type !== 'bytes') {
      throw wrong(`type ${JSON.stringify(type)}: expected one of ${Object.keys(NUMBERS).join(', ')}, bool, text, bytes`)
    }
    if (length === undefined && (type === 'text' || type === 'bytes')) throw wrong('expected a length')
    if (length === 'rest') {
      if (index !== fields.length - 1) throw wrong("length 'rest': expected of the last field alone")
    } else if (typeof length === 'string') {
      const source = known.get(length)
      if (source === undefined || source.length !== undefined || !/^u(8|16|32)$/.test(source.type)) {
        throw wrong(`length ${JSON.stringify(length)}: expected the name of an earlier field of type u8, u16 or u32`)
      }
    } else if (length !== undefined && !(Number.isInteger(length) && length >= 0))
      throw wrong(`length ${length}: expected a whole number from 0`)
    known.set(name, field)
  })
}

const sizeOf = (type: FieldType): number => (type in NUMBERS ? NUMBERS[type as NumberType].size : 1)

function decode(fields: readonly StructField[], payload: Uint8Array, little: boolean): Record<string, unknown> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const value: Record<string, unknown> = {}
  let at = 0
  for (const { name, type, length } of fields) {
    const size = sizeOf(type)
    const left = payload.length - at
    const count = length === undefined ? 1 : length === 'rest' ? Math.floor(left / size) : lengthIn(value, length)
    if (count * size > left) throw new Error(`${name}: ${count * size} bytes expected at ${at}, the payload has ${left} left`)
    const end = at + count * size
    if (type === 'text' || type === 'bytes') {
      const part = payload.subarray(at, end)
      value[name] = type === 'text' ? utf8(part, name) : part
    } else if (length === undefined) value[name] = read(view, at, type, little, name)
    else value[name] = Array.from({ length: count }, (_, index) => read(view, at + index * size, type, little, name))
    at = end
  }
  if (at < payload.length) throw new Error(`${payload.length - at} bytes beyond the last field ${fields.at(-1)?.name ?? ''}`)
  return value
}

function utf8(part: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part)
  } catch {
    throw new Error(`${name}: not UTF-8`)
  }
}

/** A fixed one, or what an earlier field says. */
const lengthIn = (value: Record<string, unknown>, length: number | string): number =>
  typeof length === 'string' ? Number(value[length]) : length

function read(view: DataView, at: number, type: NumberType | 'bool', little: boolean, name: string): number | bigint | boolean {
  if (type !== 'bool') return view[`get${NUMBERS[type].view}`](at, little)
  const byte = view.getUint8(at)
  if (byte > 1) throw new Error(`${name}: ${byte} is no bool, expected 0 or 1`)
  return byte === 1
}

function encode(fields: readonly StructField[], given: unknown, little: boolean): Uint8Array {
  if (typeof given !== 'object' || given === null)
    throw new Error(`${typeof given}: expected an object with ${fields.map(({ name }) => name).join(', ')}`)
  const value = given as Record<string, unknown>
  const parts = fields.map(field => bytesOf(field, value, little))
  return Buffer.concat(parts)
}

function bytesOf({ name, type, length }: StructField, value: Record<string, unknown>, little: boolean): Uint8Array {
  const given = value[name]
  const expectLength = (got: number, what: string): void => {
    const expected = length === undefined || length === 'rest' ? got : lengthIn(value, length)
    if (got !== expected) throw new Error(`${name}: ${got} ${what}, expected ${expected}`)
  }
  if (type === 'text' || type === 'bytes') {
    if (type === 'text' ? typeof given !== 'string' : !(given instanceof Uint8Array))
      throw new Error(`${name}: expected ${type === 'text' ? 'a text' : 'bytes'}`)
    const bytes = type === 'text' ? Buffer.from(given as string) : (given as Uint8Array)
    expectLength(bytes.length, 'bytes')
    return bytes
  }
  if (length !== undefined && !Array.isArray(given)) throw new Error(`${name}: expected a list`)
  const values = length === undefined ? [given] : (given as unknown[])
  expectLength(values.length, 'values')
  const size = sizeOf(type)
  const bytes = new Uint8Array(size * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((each, index) => {
    write(view, index * size, type, each, little, length === undefined ? name : `${name}.${index}`)
  })
  return bytes
}

function write(view: DataView, at: number, type: NumberType | 'bool', given: unknown, little: boolean, name: string): void {
  if (type === 'bool') {
    if (typeof given !== 'boolean') throw new Error(`${name}: expected true or false`)
    view.setUint8(at, given ? 1 : 0)
    return
  }
  if (type === 'f32' || type === 'f64') {
    if (typeof given !== 'number') throw new Error(`${name}: expected a number`)
    view[`set${NUMBERS[type].view}`](at, given, little)
    return
  }
  const { least, most } = NUMBERS[type]
  const whole = typeof given === 'bigint' || Number.isSafeInteger(given) ? BigInt(given as number) : undefined
  if (whole === undefined || whole < least || whole > most)
    throw new Error(`${name}: ${String(given)}: expected a whole number from ${least} to ${most}`)
  if (type === 'u64' || type === 'i64') view[`set${NUMBERS[type].view}`](at, whole, little)
  else view[`set${NUMBERS[type].view}`](at, Number(whole), little)
}
