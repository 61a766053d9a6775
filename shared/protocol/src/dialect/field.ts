/** Reads and writes one number of a dialect's header. */
import type { DialectField, FieldType } from './table.ts'

/** Bytes of each type. */
export const FIELD_SIZES: Readonly<Record<FieldType, 1 | 2 | 4>> = { u8: 1, u16: 2, u32: 4, i32: 4 }

/** Where a number stands and how: a field, or a checksum at the end. */
export type NumberPlace = Pick<DialectField, 'offset' | 'type' | 'little'>

/** The number at `start + offset`. */
export function readNumber(bytes: Uint8Array, start: number, place: NumberPlace): number {
  const at = start + place.offset
  const { type } = place
  if (type === 'u8') return bytes[at]
  if (type === 'u16') return place.little ? bytes[at] | (bytes[at + 1] << 8) : (bytes[at] << 8) | bytes[at + 1]
  const value = place.little
    ? bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    : (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
  return type === 'u32' ? value >>> 0 : value
}

/** Writes `value` at `start + offset`. */
export function writeNumber(bytes: Uint8Array, start: number, place: NumberPlace, value: number): void {
  const size = FIELD_SIZES[place.type]
  const at = start + place.offset
  for (let index = 0; index < size; index++) bytes[place.little ? at + index : at + size - 1 - index] = value >>> (8 * index)
}

/** The largest number a field holds. */
export function largest({ type }: Pick<NumberPlace, 'type'>): number {
  return type === 'i32' ? 0x7fffffff : 256 ** FIELD_SIZES[type] - 1
}
