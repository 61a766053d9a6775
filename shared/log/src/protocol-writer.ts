/** What the length -1 takes, which stands for null. */
export const NULL_SIZE = 1
/** Texts up to here are written in a loop: a call into C++ costs more. */
const SHORT_TEXT = 24

/** Bytes of a whole number from 0 to 2^30 as a zigzag varint (Kafka protocol guide, VARINT). */
export function varintLength(value: number): number {
  if (value < 0x40) return 1
  if (value < 0x2000) return 2
  if (value < 0x100000) return 3
  return value < 0x8000000 ? 4 : 5
}

/** Bytes of what has its length before it. */
export const sizedLength = (length: number): number => varintLength(length) + length

/**
 * Writes Kafka's primitive types, big-endian, into a buffer that its maker made large enough. Nearly all texts are ASCII, and asking each for its length
 * in UTF-8 costs as much as writing it: one that takes that for granted says afterwards whether it was `mistaken`.
 */
export class ProtocolWriter {
  readonly bytes: Buffer
  readonly #ascii: boolean
  at = 0
  /** What was written is of no use: a text was not ASCII. */
  mistaken = false

  constructor(most: number, ascii: boolean) {
    this.bytes = Buffer.allocUnsafe(most)
    this.#ascii = ascii
  }

  /** Bytes of a text. */
  lengthOf(text: string): number {
    return this.#ascii ? text.length : Buffer.byteLength(text)
  }

  get written(): Buffer {
    return this.bytes.subarray(0, this.at)
  }

  int8(value: number): void {
    this.bytes[this.at++] = value
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at)
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at)
  }

  uint32(value: number): void {
    this.at = this.bytes.writeUInt32BE(value, this.at)
  }

  /** A whole number within the safe ones. */
  int64(value: number): void {
    this.at = this.bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), this.at)
    this.at = this.bytes.writeUInt32BE(value >>> 0, this.at)
  }

  /** Zigzag: from -2^30 to 2^30. */
  varint(value: number): void {
    let rest = (value << 1) ^ (value >> 31)
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  /** `length`: as `lengthOf` tells it. */
  text(text: string, length: number): void {
    const { bytes, at } = this
    this.at = at + length
    if (length > SHORT_TEXT || length !== text.length) {
      if (bytes.write(text, at, 'utf8') !== length) this.mistaken = true
      return
    }
    let all = 0
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      all |= unit
      bytes[at + i] = unit
    }
    if (all > 0x7f) this.mistaken = true
  }

  sizedText(text: string, length: number): void {
    this.varint(length)
    this.text(text, length)
  }

  sizedBytes(value: Uint8Array): void {
    this.varint(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }
}
