/** The checksums that header dialects use. docs/protocol.md, section 8. */
import { crc32 } from '../crc32.ts'
import type { DialectChecksum } from './table.ts'

type Algorithm = DialectChecksum['algorithm']

/** How each checksum is written. */
export const CHECKSUM_TYPES = { crc8: 'u8', 'crc16-modbus': 'u16', crc32: 'u32' } as const

/** The checksum of no bytes: what a sum begins with. */
export const CHECKSUM_STARTS: Readonly<Record<Algorithm, number>> = { crc8: 0, 'crc16-modbus': 0xffff, crc32: 0 }

/** The checksum of bytes[start, end) as an unsigned number; `sum` is that of the bytes before. */
export function checksumOf(algorithm: Algorithm, bytes: Uint8Array, start: number, end: number, sum = CHECKSUM_STARTS[algorithm]): number {
  if (algorithm === 'crc32') return crc32(bytes.subarray(start, end), sum)
  let crc = sum
  if (algorithm === 'crc8') for (let at = start; at < end; at++) crc = CRC8[crc ^ bytes[at]]
  else for (let at = start; at < end; at++) crc = (crc >>> 8) ^ CRC16[(crc ^ bytes[at]) & 0xff]
  return crc
}

/** CRC-8: polynomial 0x07, initial value 0. */
const CRC8 = table(byte => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1
  return crc
})

/** CRC-16/MODBUS: reflected polynomial 0xA001, initial value 0xFFFF. */
const CRC16 = table(byte => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  return crc
})

function table(entry: (byte: number) => number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => entry(byte))
}
