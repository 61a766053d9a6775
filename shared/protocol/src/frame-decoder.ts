/**
 * Cuts version-2 frames out of what a socket brings, however it is split. docs/protocol.md, sections 1, 3 and 6.
 *
 * Everything a header can be refused for is judged from the header (and the two bytes of metadata length behind it) before a byte
 * of body is held, and nothing is ever allocated because a header claims it: what is held is what was received.
 */
import type { Crc32 } from './crc32.ts'
import { crc32 } from './crc32.ts'
import type { ErrorName } from './errors.ts'
import { ProtocolError } from './errors.ts'
import type { Frame } from './frame.ts'
import { MAGIC, VERSION } from './frame.ts'
import { Flag, FrameType, RESERVED_FLAGS, typeName } from './frame-type.ts'
import { HeldBytes } from './held-bytes.ts'
import { CHECKSUM_SIZE, DEFAULT_MAX_PAYLOAD, HEADER_SIZE, MAX_METADATA, MAX_PING } from './limits.ts'
import { decodeMetadata } from './metadata.ts'
import { readU32 } from './u32.ts'
import { NO_BYTES } from './utf8.ts'

/** How a decoder reads. */
export interface FrameDecoderOptions {
  /** Bytes a payload may have; metadata and checksum come beside it. Default 1 MiB. */
  maxPayload?: number
  /** Default: our own. */
  crc32?: Crc32
  /** Whether a frame without a checksum is refused. Default `optional`. */
  checksum?: 'optional' | 'required'
}

const METADATA_LENGTH = 2
const NEGATIVE = 0x80000000

/** One connection's decoder. */
export class FrameDecoder {
  readonly #maxPayload: number
  readonly #crc32: Crc32
  readonly #checksumRequired: boolean
  readonly #held = new HeldBytes()
  /** The bytes up to which the held frame can be judged next: its header, then its whole size. */
  #need = HEADER_SIZE
  /** Whether `#need` is the whole size. */
  #judged = false
  #failure: ProtocolError | undefined

  constructor(options?: FrameDecoderOptions) {
    this.#maxPayload = options?.maxPayload ?? DEFAULT_MAX_PAYLOAD
    this.#crc32 = options?.crc32 ?? crc32
    this.#checksumRequired = options?.checksum === 'required'
  }

  /** Bytes held of an incomplete frame. */
  get buffered(): number {
    return this.#held.length
  }

  /** Appends to `out` each whole frame that `chunk` completes; returns the error that ends the connection, after which nothing more is decoded. */
  push(chunk: Uint8Array, out: Frame[]): ProtocolError | undefined {
    if (this.#failure !== undefined) return this.#failure
    try {
      const from = this.#held.length > 0 ? this.#completeHeld(chunk, out) : 0
      if (from < chunk.length) this.#readFrames(chunk, from, out)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#failure = error
      this.#held.clear()
      return error
    }
    return undefined
  }

  /** Gives the held frame what it lacks from `chunk`; returns how much of it that took. */
  #completeHeld(chunk: Uint8Array, out: Frame[]): number {
    let from = 0
    while (from < chunk.length) {
      const take = this.#need - this.#held.length
      const to = Math.min(from + take, chunk.length)
      const piece = chunk.subarray(from, to)
      from = to
      if (piece.length < take) {
        this.#held.add(piece)
        break
      }
      const joined = this.#held.join(piece)
      if (!this.#judged) {
        const size = this.#judge(joined, 0, joined.length)
        this.#judged = size > 0
        this.#need = size > 0 ? size : HEADER_SIZE + METADATA_LENGTH
      }
      if (this.#judged && joined.length === this.#need) {
        this.#judged = false
        this.#need = HEADER_SIZE
        out.push(this.#decode(joined, 0, joined.length))
        break
      }
      this.#held.add(joined)
    }
    return from
  }

  /** Reads whole frames in place and holds what is left. */
  #readFrames(chunk: Uint8Array, from: number, out: Frame[]): void {
    const end = chunk.length
    let at = from
    while (end - at >= HEADER_SIZE) {
      const size = this.#judge(chunk, at, end)
      if (size === 0 || at + size > end) {
        this.#judged = size > 0
        this.#need = size > 0 ? size : HEADER_SIZE + METADATA_LENGTH
        break
      }
      out.push(this.#decode(chunk, at, at + size))
      at += size
    }
    if (at < end) this.#held.add(chunk.subarray(at))
  }

  /** The whole size of the frame at `at`, or 0 when the length of its metadata has not come yet. Throws what its header is refused for. */
  #judge(bytes: Uint8Array, at: number, end: number): number {
    const flags = bytes[at + 4]
    if (((bytes[at] << 8) | bytes[at + 1]) !== MAGIC) throw badMagic(bytes, at)
    if (bytes[at + 2] !== VERSION) throw refusal('UNSUPPORTED_VERSION', `version is ${bytes[at + 2]}, expected ${VERSION}`, bytes, at)
    if (typeName(bytes[at + 3]) === undefined) throw refusal('UNKNOWN_TYPE', `type is 0x${bytes[at + 3].toString(16)}`, bytes, at)
    if ((flags & RESERVED_FLAGS) !== 0)
      throw refusal('BAD_FRAME', `flags are 0x${flags.toString(16)}, expected bits 4 to 7 to be 0`, bytes, at)
    const length = readU32(bytes, at + 16)
    if (length >= NEGATIVE) throw refusal('BAD_FRAME', `length is ${length | 0}, expected 0 or more`, bytes, at)
    let beside = flags & Flag.CHECKSUM ? CHECKSUM_SIZE : 0
    if (this.#checksumRequired && beside === 0)
      throw refusal('BAD_FRAME', 'flags lack CHECKSUM, expected one: this listener requires it', bytes, at)
    if (flags & Flag.META) {
      if (length < beside + METADATA_LENGTH)
        throw refusal('BAD_FRAME', `length is ${length}, expected room for the metadata length`, bytes, at)
      if (end - at < HEADER_SIZE + METADATA_LENGTH) return this.#judgeLargest(length, beside, bytes, at)
      const entries = (bytes[at + HEADER_SIZE] << 8) | bytes[at + HEADER_SIZE + 1]
      beside += METADATA_LENGTH + entries
      if (length < beside) throw refusal('BAD_FRAME', `metadata claims ${entries} bytes, more than its body of ${length} holds`, bytes, at)
    } else if (length < beside) throw refusal('BAD_FRAME', `length is ${length}, expected room for the checksum`, bytes, at)
    this.#judgePayload(length - beside, bytes, at)
    return HEADER_SIZE + length
  }

  /** The metadata length is still to come: refuses what no metadata could make small enough. */
  #judgeLargest(length: number, beside: number, bytes: Uint8Array, at: number): 0 {
    const least = length - beside - METADATA_LENGTH - MAX_METADATA
    this.#judgePayload(least, bytes, at)
    return 0
  }

  #judgePayload(size: number, bytes: Uint8Array, at: number): void {
    if (size > MAX_PING && isPing(bytes[at + 3])) {
      throw refusal('BAD_FRAME', `payload has ${size} bytes, expected at most ${MAX_PING} in a ping`, bytes, at)
    }
    if (size > this.#maxPayload) throw refusal('TOO_LARGE', `payload has ${size} bytes, expected at most ${this.#maxPayload}`, bytes, at)
  }

  /** The frame in bytes[at, end), which is whole and judged. */
  #decode(bytes: Uint8Array, at: number, end: number): Frame {
    const flags = bytes[at + 4]
    const msgId = readU32(bytes, at + 8)
    let from = at + HEADER_SIZE
    let to = end
    if (flags & Flag.CHECKSUM) {
      to -= CHECKSUM_SIZE
      const expected = this.#crc32(bytes.subarray(at, to))
      if (readU32(bytes, to) !== expected) {
        throw new ProtocolError('BAD_CHECKSUM', `checksum is ${hex(readU32(bytes, to))}, expected ${hex(expected)}`, { msgId })
      }
    }
    const metadata = flags & Flag.META ? decodeMetadata(bytes, from, to, msgId) : undefined
    if (metadata !== undefined) from += METADATA_LENGTH + ((bytes[from] << 8) | bytes[from + 1])
    return {
      type: bytes[at + 3],
      flags,
      codec: bytes[at + 5],
      opcode: (bytes[at + 6] << 8) | bytes[at + 7],
      msgId,
      seq: readU32(bytes, at + 12),
      metadata,
      payload: from === to ? NO_BYTES : bytes.subarray(from, to),
    }
  }
}

/** The one frame that `bytes` are; throws ProtocolError where they are malformed, cut, or more than one frame. */
export function decodeFrame(bytes: Uint8Array, options?: FrameDecoderOptions): Frame {
  const frames: Frame[] = []
  const decoder = new FrameDecoder(options)
  const error = decoder.push(bytes, frames)
  if (error !== undefined) throw error
  if (frames.length !== 1 || decoder.buffered > 0) {
    throw new ProtocolError(
      'BAD_FRAME',
      `${bytes.length} bytes hold ${frames.length} frames and ${decoder.buffered} bytes, expected exactly one frame`,
    )
  }
  return frames[0]
}

function isPing(type: number): boolean {
  return type === FrameType.PING || type === FrameType.PONG
}

function badMagic(bytes: Uint8Array, at: number): ProtocolError {
  const magic = (bytes[at] << 8) | bytes[at + 1]
  return new ProtocolError('BAD_FRAME', `magic is 0x${magic.toString(16).padStart(4, '0')}, expected 0x4d43`)
}

function refusal(code: ErrorName, detail: string, bytes: Uint8Array, at: number): ProtocolError {
  return new ProtocolError(code, detail, { msgId: readU32(bytes, at + 8) })
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
