/**
 * The WebSocket subprotocol `causeway.json`: one JSON object a text message, for a browser console or wscat. docs/protocol.md, section 7.
 *
 *     {"type":"request","id":1,"op":"echo","payload":{"hello":1}}
 *     {"type":"response","id":1,"seq":1,"payload":{"hello":1}}
 *
 * It says what a version-2 frame says except the codec of a payload that isn't JSON, the content type and the tracestate.
 */
import { base64Decode, base64Encode } from './base64.ts'
import { ProtocolError } from './errors.ts'
import type { Frame } from './frame.ts'
import { decodeFrame } from './frame-decoder.ts'
import { Codec, Flag, FrameType, typeByName, typeName } from './frame-type.ts'
import { expected, JsonBody } from './json-body.ts'
import { MAX_PING } from './limits.ts'
import type { Metadata } from './metadata.ts'
import { readU32, writeU32 } from './u32.ts'
import { NO_BYTES, utf8Decode, utf8Encode } from './utf8.ts'

const MAX_U32 = 0xffffffff
const MAX_OPCODE = 0xffff
const MAX_TEXT = 0xffff

/** Frames whose JSON body stands beside `type`. */
const FLAT: ReadonlySet<number> = new Set([FrameType.SYN, FrameType.SYN_ACK, FrameType.ERROR, FrameType.GOAWAY, FrameType.CLOSE])

/** Frames whose seq is a delivery's number; in all others it is an acknowledgement. */
const DELIVERIES: ReadonlySet<number> = new Set([FrameType.RESPONSE, FrameType.PUSH, FrameType.ERROR])

/** The names that belong to the frame and not to the body beside them. */
const FRAME_NAMES: ReadonlySet<string> = new Set(['type', 'id', 'seq', 'ack', 'op', 'more', 'redelivered'])

/** A message that is mostly `payload`, as parsed. */
type Fields = Record<string, unknown>

/** The frame a text says; throws ProtocolError BAD_FRAME or UNKNOWN_TYPE with a detail that names the field. */
export function decodeJsonText(text: string): Frame {
  const fields = parse(text)
  const body = new JsonBody('message', fields)
  const name = body.required('type', body.text('type', MAX_TEXT))
  const type = typeByName(name)
  const msgId = body.integer('id', MAX_U32) ?? 0
  if (type === undefined) throw new ProtocolError('UNKNOWN_TYPE', `message.type is ${JSON.stringify(name.slice(0, 64))}`, { msgId })
  try {
    return readFrame(type, msgId, fields, body)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new ProtocolError(error.code, error.detail, { msgId, cause: error })
  }
}

function parse(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ProtocolError('BAD_FRAME', 'message is not JSON, expected one object', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('message', 'a JSON object', value)
  return value as Fields
}

function readFrame(type: number, msgId: number, fields: Fields, body: JsonBody): Frame {
  const metadata = readMetadata(type, fields, body)
  const opcode = typeof fields.op === 'number' ? (body.integer('op', MAX_OPCODE) ?? 0) : 0
  const { codec, payload } = readPayload(type, fields, body)
  let flags = metadata === undefined ? 0 : Flag.META
  if (body.boolean('more')) flags |= Flag.MORE
  if (body.boolean('redelivered')) flags |= Flag.REDELIVERED
  const seq = body.integer('ack', MAX_U32) ?? body.integer('seq', MAX_U32) ?? 0
  return { type, flags, codec, opcode, msgId, seq, metadata, payload }
}

function readMetadata(type: number, fields: Fields, body: JsonBody): Metadata | undefined {
  if (FLAT.has(type)) return undefined
  const metadata: Metadata = {
    traceparent: body.text('traceparent', MAX_TEXT),
    timeout: body.integer('timeout', MAX_U32),
    route: typeof fields.op === 'number' ? undefined : body.text('op', MAX_TEXT),
    idempotencyKey: body.text('key', MAX_TEXT),
    channel: body.text('channel', MAX_TEXT),
    // A SUBSCRIBE names the offset it goes on from in its payload; a delivery carries its own beside it.
    channelOffset: type === FrameType.SUBSCRIBE ? undefined : readOffset(fields, body),
    answeredBy: body.text('answeredBy', MAX_TEXT),
  }
  let some = false
  for (const [name, value] of Object.entries(metadata)) {
    if (value === undefined) delete metadata[name as keyof Metadata]
    else some = true
  }
  return some ? metadata : undefined
}

/** An offset beyond what a JSON number can say is a text. */
function readOffset(fields: Fields, body: JsonBody): bigint | undefined {
  if (typeof fields.offset === 'string' && /^\d{1,20}$/.test(fields.offset)) return BigInt.asUintN(64, BigInt(fields.offset))
  const offset = body.integer('offset', Number.MAX_SAFE_INTEGER)
  return offset === undefined ? undefined : BigInt(offset)
}

function readPayload(type: number, fields: Fields, body: JsonBody): { codec: number; payload: Uint8Array } {
  if (FLAT.has(type)) {
    const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !FRAME_NAMES.has(name)))
    return json(rest)
  }
  if (type === FrameType.CREDIT) {
    const payload = new Uint8Array(8)
    writeU32(payload, 0, body.required('messages', body.integer('messages', MAX_U32)))
    writeU32(payload, 4, body.required('bytes', body.integer('bytes', MAX_U32)))
    return { codec: Codec.BYTES, payload }
  }
  if (type === FrameType.SUBSCRIBE && fields.offset !== undefined && fields.payload === undefined) {
    return json({ offset: body.integer('offset', Number.MAX_SAFE_INTEGER) })
  }
  const read = readPlainPayload(fields, body)
  if ((type === FrameType.PING || type === FrameType.PONG) && read.payload.length > MAX_PING) {
    throw new ProtocolError('BAD_FRAME', `message.payload has ${read.payload.length} bytes, expected at most ${MAX_PING} in a ping`)
  }
  return read
}

function readPlainPayload(fields: Fields, body: JsonBody): { codec: number; payload: Uint8Array } {
  if (fields.payload !== undefined) {
    if (fields.payload64 !== undefined) throw new ProtocolError('BAD_FRAME', 'message has payload and payload64, expected one of them')
    return json(fields.payload)
  }
  const text = body.text('payload64', Number.MAX_SAFE_INTEGER)
  if (text === undefined) return { codec: Codec.BYTES, payload: NO_BYTES }
  try {
    return { codec: Codec.BYTES, payload: base64Decode(text) }
  } catch (cause) {
    throw new ProtocolError('BAD_FRAME', 'message.payload64 is not base64', { cause })
  }
}

/** JSON is parsed at any depth and written recursively: what is nested too deep for the stack must not end the process. */
function json(value: unknown): { codec: number; payload: Uint8Array } {
  try {
    return { codec: Codec.JSON, payload: utf8Encode(JSON.stringify(value)) }
  } catch (cause) {
    throw new ProtocolError('BAD_FRAME', 'message is nested too deep', { cause })
  }
}

/**
 * The text that says what a frame does. `opName` is the name `op` is given instead of the frame's number.
 * Throws ProtocolError where the bytes are no frame, or the body of a control frame is not its JSON.
 */
export function encodeJsonText(frame: Frame | Uint8Array, opName?: string): string {
  const { type, flags, opcode, msgId, seq, metadata, codec, payload } = frame instanceof Uint8Array ? decodeFrame(frame) : frame
  const name = typeName(type)
  if (name === undefined) throw new ProtocolError('UNKNOWN_TYPE', `type is 0x${type.toString(16)}`, { msgId })
  const op = opName ?? metadata?.route ?? (opcode === 0 ? undefined : opcode)
  const fields: Fields = { type: name }
  if (msgId !== 0) fields.id = msgId
  if (seq !== 0) fields[DELIVERIES.has(type) ? 'seq' : 'ack'] = seq
  if (op !== undefined) fields.op = op
  if (flags & Flag.MORE) fields.more = true
  if (flags & Flag.REDELIVERED) fields.redelivered = true
  if (FLAT.has(type)) return JSON.stringify({ ...parseBody(name, payload), ...fields })
  if (type === FrameType.CREDIT) {
    return JSON.stringify({ ...fields, messages: readU32(payload, 0), bytes: readU32(payload, 4) })
  }
  if (metadata !== undefined) writeMetadata(fields, metadata)
  if (type === FrameType.SUBSCRIBE && codec === Codec.JSON && payload.length > 0) {
    return JSON.stringify({ ...fields, offset: parseBody(name, payload).offset })
  }
  return withPayload(fields, codec, payload)
}

function parseBody(name: string, payload: Uint8Array): Fields {
  try {
    return parse(utf8Decode(payload))
  } catch (cause) {
    throw new ProtocolError('BAD_FRAME', `${name} has a body that is not a JSON object in UTF-8`, { cause })
  }
}

function writeMetadata(fields: Fields, metadata: Metadata): void {
  const { traceparent, timeout, idempotencyKey, channel, channelOffset, answeredBy } = metadata
  if (timeout !== undefined) fields.timeout = timeout
  if (channel !== undefined) fields.channel = channel
  if (channelOffset !== undefined) {
    fields.offset = channelOffset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(channelOffset) : String(channelOffset)
  }
  if (traceparent !== undefined) fields.traceparent = traceparent
  if (idempotencyKey !== undefined) fields.key = idempotencyKey
  if (answeredBy !== undefined) fields.answeredBy = answeredBy
}

/** The JSON of a payload goes in as it is, but only when it is JSON: a handler may have mislabelled its bytes. */
function withPayload(fields: Fields, codec: number, payload: Uint8Array): string {
  const text = JSON.stringify(fields)
  if (payload.length === 0) return text
  if (codec === Codec.JSON) {
    const raw = validJson(payload)
    if (raw !== undefined) return `${text.slice(0, -1)},"payload":${raw}}`
  }
  return `${text.slice(0, -1)},"payload64":"${base64Encode(payload)}"}`
}

function validJson(payload: Uint8Array): string | undefined {
  try {
    const raw = utf8Decode(payload)
    JSON.parse(raw)
    return raw
  } catch {
    return undefined
  }
}
