import { LuaError, type LuaValue } from './lua-value.ts'

/** The struct library that Redis gives to scripts (redis.io/docs/latest/develop/programmability/lua-api), big-endian formats: B, I2, I4, I8 (up to 2^53), d, c0. */
const FORMAT = /(B|I2|I4|I8|d|c0)/g

function partsOf(layout: string): string[] {
  const parts = layout.slice(1).match(FORMAT) ?? []
  if (layout[0] !== '>' || parts.join('') !== layout.slice(1)) throw new LuaError(`struct: the format ${layout} is not simulated`)
  return parts
}

const SIZES: Record<string, number> = { B: 1, I2: 2, I4: 4, I8: 8 }

export function pack(layout: string, given: readonly LuaValue[]): string {
  let packed = ''
  partsOf(layout).forEach((each, index) => {
    const value = given[index]
    if (each === 'c0') {
      if (typeof value !== 'string') throw new LuaError('struct.pack: a string is expected')
      packed += value
      return
    }
    const number = Number(value)
    if (value === undefined || Number.isNaN(number)) throw new LuaError('struct.pack: a number is expected')
    packed += each === 'd' ? doubleBytes(number) : wholeBytes(number, SIZES[each]!)
  })
  return packed
}

/** The values, and the place behind them; `c0` takes the number before it as its length, and that number is given no more. */
export function unpack(layout: string, bytes: string, from: number): LuaValue[] {
  const values: LuaValue[] = []
  let at = from - 1
  for (const each of partsOf(layout)) {
    const size = each === 'c0' ? Number(values.pop()) : each === 'd' ? 8 : SIZES[each]!
    if (at + size > bytes.length) throw new LuaError('data string too short')
    const piece = bytes.slice(at, at + size)
    values.push(each === 'c0' ? piece : each === 'd' ? Buffer.from(piece, 'latin1').readDoubleBE(0) : wholeOf(piece))
    at += size
  }
  return [...values, at + 1]
}

function wholeBytes(number: number, size: number): string {
  let bytes = ''
  for (let shift = size - 1; shift >= 0; shift--) bytes += String.fromCharCode(Math.floor(number / 256 ** shift) & 0xff)
  return bytes
}

function doubleBytes(number: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(number)
  return bytes.toString('latin1')
}

function wholeOf(bytes: string): number {
  let number = 0
  for (let index = 0; index < bytes.length; index++) number = number * 256 + bytes.charCodeAt(index)
  return number
}
