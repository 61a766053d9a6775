/** The checksums that header dialects use. docs/protocol.md, section 8. */
import { crc32 } from '../crc32.ts'
import type { DialectChecksum } from './table.ts'

/** Bytes each checksum takes at the end of a frame. */
export const CHECKSUM_SIZES = { crc8: 1, 'crc16-modbus': 2, crc32: 4 } as const

/** The checksum of `bytes` as an unsigned number. */
export function checksumOf(algorithm: DialectChecksum['algorithm'], bytes: Uint8Array): number {
  if (algorithm === 'crc32') return crc32(bytes)
  return algorithm === 'crc8' ? crc8(bytes) : crc16Modbus(bytes)
}

/** CRC-8, polynomial 0x07, initial value 0. */
function crc8(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1
  }
  return crc
}

/** CRC-16/MODBUS: reflected polynomial 0xA001, initial value 0xFFFF. */
function crc16Modbus(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  }
  return crc
}
