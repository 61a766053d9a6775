/**
 * The frame of version 2: a 20-byte header and a body of `[metadata] payload [checksum]`, big-endian. docs/protocol.md, section 1.
 *
 *     magic u16 = 0x4D43 | version u8 = 2 | type u8 | flags u8 | codec u8 | opcode u16 | msgId u32 | seq u32 | length u32
 */
import type { Crc32 } from './crc32.ts'
import { crc32 } from './crc32.ts'
import { Flag } from './frame-type.ts'
import { CHECKSUM_SIZE, HEADER_SIZE } from './limits.ts'
import type { Metadata } from './metadata.ts'
import { encodeMetadata } from './metadata.ts'
import { readU32, writeU32 } from './u32.ts'
import { NO_BYTES, utf8Encode } from './utf8.ts'

/** The first two bytes of every frame, `MC`. */
export const MAGIC = 0x4d43

/** The version in the third byte. */
export const VERSION = 2

/** A decoded frame. `payload` is a view into the bytes received, never a copy, unless the frame came in more than one read. */
export interface Frame {
  type: number
  flags: number
  codec: number
  opcode: number
  msgId: number
  seq: number
  metadata: Metadata | undefined
  payload: Uint8Array
}

/** A frame to encode; numbers default to 0, a text payload becomes UTF-8. */
export interface FrameInit {
  type: number
  flags?: number
  codec?: number
  opcode?: number
  msgId?: number
  seq?: number
  metadata?: Metadata
  payload?: Uint8Array | string
}

/**
 * The bytes of a frame. META is set exactly when metadata is given; CHECKSUM when `checksum` is (true: with our own CRC-32) or the flags have it.
 * Small frames share a slab, so `buffer` of the result is not only its own. Throws RangeError where the metadata is out of its bounds.
 */
export function encodeFrame(frame: FrameInit, options?: { checksum?: Crc32 | true }): Uint8Array {
  const { metadata, payload = NO_BYTES } = frame
  let flags = frame.flags ?? 0
  const checksum = options?.checksum ?? (flags & Flag.CHECKSUM ? true : undefined)
  const body = typeof payload === 'string' ? utf8Encode(payload) : payload
  const entries = metadata === undefined ? NO_BYTES : encodeMetadata(metadata)
  const before = HEADER_SIZE + entries.length + body.length
  flags = metadata === undefined ? flags & ~Flag.META : flags | Flag.META
  const out = allocate(checksum === undefined ? before : before + CHECKSUM_SIZE)
  out[0] = MAGIC >>> 8
  out[1] = MAGIC & 0xff
  out[2] = VERSION
  out[3] = frame.type
  out[4] = checksum === undefined ? flags : flags | Flag.CHECKSUM
  out[5] = frame.codec ?? 0
  const opcode = frame.opcode ?? 0
  out[6] = opcode >>> 8
  out[7] = opcode
  writeU32(out, 8, frame.msgId ?? 0)
  writeU32(out, 12, frame.seq ?? 0)
  writeU32(out, 16, out.length - HEADER_SIZE)
  if (entries.length > 0) out.set(entries, HEADER_SIZE)
  if (body.length > 0) out.set(body, HEADER_SIZE + entries.length)
  if (checksum !== undefined) writeChecksum(out, checksum === true ? crc32 : checksum)
  return out
}

/** Sets the msgId of an encoded frame in place. A checksum is wrong afterwards: make it last, with `withChecksum`. */
export function patchMsgId(frame: Uint8Array, msgId: number): void {
  writeU32(frame, 8, msgId)
}

/** Sets the seq of an encoded frame in place. A checksum is wrong afterwards: make it last, with `withChecksum`. */
export function patchSeq(frame: Uint8Array, seq: number): void {
  writeU32(frame, 12, seq)
}

/** Sets REDELIVERED on an encoded frame in place. A checksum is wrong afterwards: make it last, with `withChecksum`. */
export function patchRedelivered(frame: Uint8Array): void {
  frame[4] |= Flag.REDELIVERED
}

/** A new encoded frame, the same with CHECKSUM set and the CRC-32 over all before it at its end; a checksum it has is made anew. */
export function withChecksum(frame: Uint8Array, crc: Crc32 = crc32): Uint8Array {
  const has = (frame[4] & Flag.CHECKSUM) !== 0
  const out = allocate(has ? frame.length : frame.length + CHECKSUM_SIZE)
  out.set(frame)
  out[4] |= Flag.CHECKSUM
  writeU32(out, 16, out.length - HEADER_SIZE)
  writeChecksum(out, crc)
  return out
}

/** The type of an encoded frame. */
export function frameType(bytes: Uint8Array): number {
  return bytes[3]
}

/** The flags of an encoded frame. */
export function frameFlags(bytes: Uint8Array): number {
  return bytes[4]
}

/** The msgId of an encoded frame. */
export function frameMsgId(bytes: Uint8Array): number {
  return readU32(bytes, 8)
}

/** The seq of an encoded frame. */
export function frameSeq(bytes: Uint8Array): number {
  return readU32(bytes, 12)
}

/** The whole size of an encoded frame in bytes, header included. */
export function frameLength(bytes: Uint8Array): number {
  return HEADER_SIZE + readU32(bytes, 16)
}

/** Bytes of a slab that small frames are cut from: an array of its own costs more than filling it. */
const SLAB = 16_384
/** A frame above this many bytes gets an array of its own, so that one kept frame holds little more than itself alive. */
const SLAB_FRAME = 1_024

let slab = new Uint8Array(SLAB)
let slabUsed = 0

/** An array that is written whole; it may lie in a slab, so its `buffer` is not only its own. */
function allocate(size: number): Uint8Array {
  if (size > SLAB_FRAME) return new Uint8Array(size)
  if (slabUsed + size > SLAB) {
    slab = new Uint8Array(SLAB)
    slabUsed = 0
  }
  slabUsed += size
  return slab.subarray(slabUsed - size, slabUsed)
}

function writeChecksum(frame: Uint8Array, crc: Crc32): void {
  const end = frame.length - CHECKSUM_SIZE
  writeU32(frame, end, crc(frame.subarray(0, end)))
}
