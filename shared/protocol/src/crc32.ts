/** CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320), the checksum of docs/protocol.md, section 1. Gives what zlib's crc32 gives. */

/** A CRC-32 function; `seed` is the CRC of what came before, as in `zlib.crc32(data, value)`. A host may pass zlib's own, which is faster. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number

const POLYNOMIAL = 0xedb88320
const SLICES = 8

/** Slicing by 8: table s, entry b is the CRC of byte b followed by s zero bytes, so that eight bytes cost eight look-ups and no chain. */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    made[byte] = value
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256]
    made[index] = (before >>> 8) ^ made[before & 0xff]
  }
  return made
}

/** The CRC-32 of `bytes` as an unsigned 32-bit number; `seed` defaults to 0. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  const table = tables
  const end = bytes.length
  const whole = end - (end % SLICES)
  let crc = ~seed
  let at = 0
  for (; at < whole; at += SLICES) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    crc =
      table[1792 + (crc & 0xff)] ^
      table[1536 + ((crc >>> 8) & 0xff)] ^
      table[1280 + ((crc >>> 16) & 0xff)] ^
      table[1024 + (crc >>> 24)] ^
      table[768 + bytes[at + 4]] ^
      table[512 + bytes[at + 5]] ^
      table[256 + bytes[at + 6]] ^
      table[bytes[at + 7]]
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]) & 0xff]
  return ~crc >>> 0
}
