/** SYN, the first frame of a connection: JSON {token?, session?, resumeToken?, lastSeq?, stored?, …}. docs/protocol.md, section 4. */
import { encodeFrame } from './frame.ts'
import { Codec, FrameType } from './frame-type.ts'
import { expected, integer, JsonBody } from './json-body.ts'
import { MAX_CHANNELS, MAX_NAME, MAX_TOKEN, MAX_WAITING } from './limits.ts'

/** What a client says first. */
export interface Syn {
  token?: string
  /** The session to resume, with its resumeToken. */
  session?: string
  resumeToken?: string
  /** Which SYN for this session this is: each has a higher one than those before it. 0, or none: the client does not number them. */
  attempt?: number
  /** The highest delivery the application has taken. */
  lastSeq?: number
  /** The highest ACK seen. */
  stored?: number
  /** The stored requests without an answer, and the milliseconds each has left. */
  waiting?: [msgId: number, msLeft: number][]
  /** Channel names, and the highest offset taken of each. */
  channels?: Record<string, number>
  keepAliveMs?: number
  /** Codec names or ids the client reads. */
  codecs?: (string | number)[]
  client?: { name: string; version: string }
}

const MAX_U32 = 0xffffffff
const MAX_CODECS = 256

/** A whole SYN frame. */
export function encodeSyn(syn: Syn): Uint8Array {
  return encodeFrame({ type: FrameType.SYN, codec: Codec.JSON, payload: JSON.stringify(syn) })
}

/** Reads the payload of a SYN; throws ProtocolError BAD_FRAME naming the field that is wrong. */
export function decodeSyn(payload: Uint8Array): Syn {
  const body = JsonBody.parse('syn', payload)
  const client = body.object('client')
  const syn: Syn = {
    token: body.text('token', MAX_TOKEN),
    session: body.text('session', MAX_NAME),
    resumeToken: body.text('resumeToken', MAX_NAME),
    attempt: body.integer('attempt', Number.MAX_SAFE_INTEGER),
    lastSeq: body.integer('lastSeq', MAX_U32),
    stored: body.integer('stored', MAX_U32),
    waiting: body.list('waiting', MAX_WAITING, readWaiting),
    channels: body.map('channels', MAX_CHANNELS, MAX_NAME, readOffset),
    keepAliveMs: body.integer('keepAliveMs', MAX_U32),
    codecs: body.list('codecs', MAX_CODECS, readCodec),
    client: client && { name: client.text('name', MAX_NAME) ?? '', version: client.text('version', MAX_NAME) ?? '' },
  }
  return withoutUndefined(syn)
}

function readWaiting(name: string, value: unknown): [number, number] {
  if (!Array.isArray(value) || value.length !== 2) throw expected(name, 'a pair of msgId and milliseconds left', value)
  return [integer(`${name}[0]`, value[0], MAX_U32), integer(`${name}[1]`, value[1], Number.MAX_SAFE_INTEGER)]
}

function readOffset(name: string, value: unknown): number {
  return integer(name, value, Number.MAX_SAFE_INTEGER)
}

function readCodec(name: string, value: unknown): string | number {
  if (typeof value === 'string' && value.length <= MAX_NAME) return value
  if (typeof value === 'number') return integer(name, value, 255)
  throw expected(name, 'a codec name or id', value)
}

/** The same object without the fields that are undefined, so that what was decoded equals what was encoded. */
export function withoutUndefined<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields
}
