/** Reads and writes one number of a dialect's header. */
import type { DialectField } from './table.ts'

/** Where a number stands and how; a field, or a checksum at the end. */
export type NumberPlace = Pick<DialectField, 'offset' | 'size' | 'signed' | 'little'>

/** The number at `start + offset`. */
export function readNumber(bytes: Uint8Array, start: number, place: NumberPlace): number {
  const { size, little } = place
  const at = start + place.offset
  let value = 0
  for (let index = 0; index < size; index++) value = value * 256 + bytes[little ? at + size - 1 - index : at + index]
  const limit = 256 ** size
  return place.signed && value >= limit / 2 ? value - limit : value
}

/** Writes `value` at `start + offset`. */
export function writeNumber(bytes: Uint8Array, start: number, place: NumberPlace, value: number): void {
  const { size, little } = place
  const at = start + place.offset
  for (let index = 0; index < size; index++) bytes[little ? at + index : at + size - 1 - index] = Math.floor(value / 256 ** index)
}

/** The largest number a field holds. */
export function largest(place: Pick<NumberPlace, 'size' | 'signed'>): number {
  const limit = 256 ** place.size
  return place.signed ? limit / 2 - 1 : limit - 1
}
