/**
 * The metadata of a frame: u16 total length of the entries, then entries of tag u8, length u16, value. docs/protocol.md, section 1.
 *
 * An unknown tag below 128 is skipped, one of 128 and above refused. A tag that comes twice is refused, as MQTT 5 (section 2.2.2.2) does.
 */
import { ProtocolError } from './errors.ts'
import { MAX_METADATA } from './limits.ts'
import { readU32, writeU32 } from './u32.ts'
import { utf8Encode, utf8Slice } from './utf8.ts'

/** What a frame may carry beside its payload. */
export interface Metadata {
  /** W3C Trace Context, ASCII. */
  traceparent?: string
  /** Milliseconds from receipt, u32. */
  timeout?: number
  /** Route name; the frame's opcode is then 0. */
  route?: string
  idempotencyKey?: string
  contentType?: string
  channel?: string
  /** W3C Trace Context. */
  tracestate?: string
  /** Milliseconds, u32. */
  retryAfter?: number
  /** The message's place in its channel, u64. */
  channelOffset?: bigint
  /** Who answered in the handler's stead: `fallback`. */
  answeredBy?: string
}

const TEXT = 0
const U32 = 4
const U64 = 8

type Kind = typeof TEXT | typeof U32 | typeof U64

/** Index is the tag. */
const TAGS: readonly (readonly [keyof Metadata, Kind] | undefined)[] = [
  undefined,
  ['traceparent', TEXT],
  ['timeout', U32],
  ['route', TEXT],
  ['idempotencyKey', TEXT],
  ['contentType', TEXT],
  ['channel', TEXT],
  ['tracestate', TEXT],
  ['retryAfter', U32],
  ['channelOffset', U64],
  ['answeredBy', TEXT],
]

/** The first tag that a receiver who doesn't know it must refuse. */
const CRITICAL_TAG = 128
const ENTRY_HEADER = 3

/** The bytes of the metadata with its leading u16; throws RangeError where the entries exceed 65,535 bytes or a number its type. */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const values: (Uint8Array | undefined)[] = []
  let total = 0
  for (let tag = 1; tag < TAGS.length; tag++) {
    const [name, kind] = TAGS[tag]!
    const value = metadata[name]
    if (value === undefined) continue
    const bytes = kind === TEXT ? utf8Encode(value as string) : numberBytes(name, value as number | bigint, kind)
    values[tag] = bytes
    total += ENTRY_HEADER + bytes.length
  }
  if (total > MAX_METADATA) throw new RangeError(`metadata has ${total} bytes, expected at most ${MAX_METADATA}: shorten its texts`)
  return joinEntries(values, total)
}

function joinEntries(values: readonly (Uint8Array | undefined)[], total: number): Uint8Array {
  const out = new Uint8Array(2 + total)
  out[0] = total >>> 8
  out[1] = total
  let at = 2
  for (let tag = 1; tag < values.length; tag++) {
    const bytes = values[tag]
    if (bytes === undefined) continue
    out[at] = tag
    out[at + 1] = bytes.length >>> 8
    out[at + 2] = bytes.length
    out.set(bytes, at + ENTRY_HEADER)
    at += ENTRY_HEADER + bytes.length
  }
  return out
}

function numberBytes(name: string, value: number | bigint, size: typeof U32 | typeof U64): Uint8Array {
  const limit = size === U32 ? 2 ** 32 : 2n ** 64n
  if (!(value >= 0 && value < limit) || (typeof value !== 'bigint' && !Number.isInteger(value))) {
    throw new RangeError(`metadata ${name} is ${value}, expected an integer from 0 to below ${limit}`)
  }
  const bytes = new Uint8Array(size)
  if (size === U32) writeU32(bytes, 0, Number(value))
  else {
    writeU32(bytes, 0, Number(BigInt(value) >> 32n))
    writeU32(bytes, 4, Number(BigInt(value) & 0xffffffffn))
  }
  return bytes
}

/**
 * Reads the metadata whose u16 length stands at `start` of `bytes`; nothing at or past `end` is read.
 * Throws ProtocolError BAD_FRAME, with `msgId` as its message, naming the entry that is wrong.
 */
export function decodeMetadata(bytes: Uint8Array, start = 0, end = bytes.length, msgId = 0): Metadata {
  if (end - start < 2) throw bad('metadata has no length, expected a u16', msgId)
  const stop = start + 2 + ((bytes[start] << 8) | bytes[start + 1])
  if (stop > end) throw bad(`metadata claims ${stop - start} bytes, expected at most the ${end - start} of its body`, msgId)
  const metadata: Metadata = {}
  let at = start + 2
  while (at < stop) {
    if (stop - at < ENTRY_HEADER) throw bad(`metadata entry at ${at - start} is cut, expected tag and length`, msgId)
    const tag = bytes[at]
    const from = at + ENTRY_HEADER
    const to = from + ((bytes[at + 1] << 8) | bytes[at + 2])
    if (to > stop) throw bad(`metadata tag ${tag} has ${to - from} bytes, expected at most ${stop - from}`, msgId)
    readEntry(metadata, tag, bytes, from, to, msgId)
    at = to
  }
  return metadata
}

function readEntry(metadata: Metadata, tag: number, bytes: Uint8Array, from: number, to: number, msgId: number): void {
  const entry = TAGS[tag]!
  if (entry === undefined) {
    if (tag >= CRITICAL_TAG) throw bad(`metadata tag ${tag} is unknown, and one of ${CRITICAL_TAG} and above must be understood`, msgId)
    return
  }
  const [name, kind] = entry
  if (metadata[name] !== undefined) throw bad(`metadata tag ${tag} (${name}) comes twice, expected once`, msgId)
  if (kind === TEXT) {
    const key = name as 'traceparent' | 'route' | 'idempotencyKey' | 'contentType' | 'channel' | 'tracestate' | 'answeredBy'
    metadata[key] = text(name, bytes, from, to, msgId)
    return
  }
  if (to - from !== kind) throw bad(`metadata tag ${tag} (${name}) has ${to - from} bytes, expected ${kind}`, msgId)
  if (kind === U32) metadata[name as 'timeout' | 'retryAfter'] = readU32(bytes, from)
  else metadata.channelOffset = (BigInt(readU32(bytes, from)) << 32n) | BigInt(readU32(bytes, from + 4))
}

function text(name: string, bytes: Uint8Array, from: number, to: number, msgId: number): string {
  try {
    return utf8Slice(bytes, from, to)
  } catch (cause) {
    throw new ProtocolError('BAD_FRAME', `metadata ${name} is not UTF-8`, { msgId, cause })
  }
}

function bad(detail: string, msgId: number): ProtocolError {
  return new ProtocolError('BAD_FRAME', detail, { msgId })
}
