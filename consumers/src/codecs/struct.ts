import { Codec } from '@causeway/protocol'
import type { PayloadCodec } from './payload-codec.ts'

const NUMBERS = {
  u8: { size: 1, signed: false },
  i8: { size: 1, signed: true },
  u16: { size: 2, signed: false },
  i16: { size: 2, signed: true },
  u32: { size: 4, signed: false },
  i32: { size: 4, signed: true },
  u64: { size: 8, signed: false },
  i64: { size: 8, signed: true },
  f32: { size: 4, signed: true },
  f64: { size: 8, signed: true },
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
    const count =
      length === undefined
        ? 1
        : length === 'rest'
          ? Math.floor(left / size)
          : typeof length === 'string'
            ? (value[length] as number)
            : length
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

function read(view: DataView, at: number, type: NumberType | 'bool', little: boolean, name: string): number | bigint | boolean {
  switch (type) {
    case 'bool': {
      const byte = view.getUint8(at)
      if (byte > 1) throw new Error(`${name}: ${byte} is no bool, expected 0 or 1`)
      return byte === 1
    }
    case 'u8':
      return view.getUint8(at)
    case 'i8':
      return view.getInt8(at)
    case 'u16':
      return view.getUint16(at, little)
    case 'i16':
      return view.getInt16(at, little)
    case 'u32':
      return view.getUint32(at, little)
    case 'i32':
      return view.getInt32(at, little)
    case 'u64':
      return view.getBigUint64(at, little)
    case 'i64':
      return view.getBigInt64(at, little)
    case 'f32':
      return view.getFloat32(at, little)
    case 'f64':
      return view.getFloat64(at, little)
  }
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
  if (type === 'text' || type === 'bytes') {
    if (type === 'text' ? typeof given !== 'string' : !(given instanceof Uint8Array))
      throw new Error(`${name}: expected ${type === 'text' ? 'a text' : 'bytes'}`)
    const bytes = type === 'text' ? Buffer.from(given as string) : (given as Uint8Array)
    if (length !== 'rest') expectLength(name, bytes.length, typeof length === 'string' ? Number(value[length]) : length!, 'bytes')
    return bytes
  }
  const size = sizeOf(type)
  if (length === undefined) {
    const bytes = new Uint8Array(size)
    write(new DataView(bytes.buffer), 0, type, given, little, name)
    return bytes
  }
  if (!Array.isArray(given)) throw new Error(`${name}: expected a list`)
  if (length !== 'rest') expectLength(name, given.length, typeof length === 'string' ? Number(value[length]) : length, 'values')
  const bytes = new Uint8Array(size * given.length)
  const view = new DataView(bytes.buffer)
  given.forEach((each, index) => {
    write(view, index * size, type, each, little, `${name}.${index}`)
  })
  return bytes
}

function expectLength(name: string, got: number, expected: number, what: string): void {
  if (got !== expected) throw new Error(`${name}: ${got} ${what}, expected ${expected}`)
}

function write(view: DataView, at: number, type: NumberType | 'bool', given: unknown, little: boolean, name: string): void {
  if (type === 'bool') {
    if (typeof given !== 'boolean') throw new Error(`${name}: expected true or false`)
    view.setUint8(at, given ? 1 : 0)
    return
  }
  if (type === 'f32' || type === 'f64') {
    if (typeof given !== 'number') throw new Error(`${name}: expected a number`)
    if (type === 'f32') view.setFloat32(at, given, little)
    else view.setFloat64(at, given, little)
    return
  }
  const { size, signed } = NUMBERS[type]
  const bits = BigInt(size * 8)
  const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
  const whole = typeof given === 'bigint' || Number.isSafeInteger(given) ? BigInt(given as number) : undefined
  if (whole === undefined || whole < least || whole > most)
    throw new Error(`${name}: ${String(given)}: expected a whole number from ${least} to ${most}`)
  if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, whole), little)
  else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, whole)), little)
  else if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, whole)), little)
  else view.setUint8(at, Number(BigInt.asUintN(8, whole)))
}
