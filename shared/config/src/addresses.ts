import { isIP } from 'node:net'
import { type Kind, list } from './kinds.ts'

/** Bits of an address, by its family. */
const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 }

/** Whether a text is an address (`::1`) or a range in CIDR form (`10.0.0.0/8`). */
export function isAddressRange(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const [address, prefix, ...more] = value.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= BITS[family])
}

/** What is wrong with each of a list's entries that is none. */
export const rangeFaults = (values: readonly unknown[]): string[] =>
  values.flatMap((value, index) => (isAddressRange(value) ? [] : [`[${index}] is ${JSON.stringify(value)}: expected ${RANGE}`]))

const RANGE = 'an address or a range as 10.0.0.0/8, 192.0.2.7 or ::1'

/** Addresses and ranges, separated by commas, or a list in a file. */
export const addressRanges: Kind<readonly string[]> = {
  expected: 'addresses and ranges separated by commas, as 10.0.0.0/8,::1',
  read: raw => {
    const values = list.read(raw)
    return values?.every(isAddressRange) ? values : undefined
  },
  faults: raw => rangeFaults(list.read(raw) ?? []),
}
