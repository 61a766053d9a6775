/** SYN_ACK, the server's answer to SYN: JSON {session, resumeToken, epoch, resumed, recovered, …}. docs/protocol.md, section 4. */
import { encodeFrame } from './frame.ts'
import { withoutUndefined } from './frame-syn.ts'
import { Codec, FrameType } from './frame-type.ts'
import { JsonBody } from './json-body.ts'
import { MAX_CHANNELS, MAX_NAME } from './limits.ts'

/** What became of one channel that the SYN named. */
export interface ChannelState {
  /** The offset that deliveries go on from. */
  offset: number
  /** False: messages between the offset asked for and this one are lost. */
  recovered: boolean
}

/** What the server says to a SYN. */
export interface SynAck {
  session: string
  resumeToken: string
  /** Rises with each connection of the session, and fences the earlier ones. */
  epoch: number
  /** Whether this is the session the SYN named. */
  resumed: boolean
  /** False: deliveries were lost or expired. */
  recovered: boolean
  channels?: Record<string, ChannelState>
  /** The highest client message known to be stored; those above it are to be sent again. */
  lastMsgId: number
  window: { messages: number; bytes: number }
  /** Bytes a payload may have. */
  maxPayload: number
  keepAliveMs: number
  server: { id: string; version: string }
  principal?: string
}

const MAX_U32 = 0xffffffff

/** A whole SYN_ACK frame. */
export function encodeSynAck(synAck: SynAck): Uint8Array {
  return encodeFrame({ type: FrameType.SYN_ACK, codec: Codec.JSON, payload: JSON.stringify(synAck) })
}

/** Reads the payload of a SYN_ACK; throws ProtocolError BAD_FRAME naming the field that is wrong or missing. */
export function decodeSynAck(payload: Uint8Array): SynAck {
  const body = JsonBody.parse('syn_ack', payload)
  const window = body.required('window', body.object('window'))
  const server = body.required('server', body.object('server'))
  return withoutUndefined<SynAck>({
    session: body.required('session', body.text('session', MAX_NAME)),
    resumeToken: body.required('resumeToken', body.text('resumeToken', MAX_NAME)),
    epoch: body.required('epoch', body.integer('epoch', Number.MAX_SAFE_INTEGER)),
    resumed: body.required('resumed', body.boolean('resumed')),
    recovered: body.required('recovered', body.boolean('recovered')),
    channels: body.map('channels', MAX_CHANNELS, MAX_NAME, readChannel),
    lastMsgId: body.required('lastMsgId', body.integer('lastMsgId', MAX_U32)),
    window: {
      messages: window.required('messages', window.integer('messages', MAX_U32)),
      bytes: window.required('bytes', window.integer('bytes', MAX_U32)),
    },
    maxPayload: body.required('maxPayload', body.integer('maxPayload', MAX_U32)),
    keepAliveMs: body.required('keepAliveMs', body.integer('keepAliveMs', MAX_U32)),
    server: { id: server.text('id', MAX_NAME) ?? '', version: server.text('version', MAX_NAME) ?? '' },
    principal: body.text('principal', MAX_NAME),
  })
}

function readChannel(name: string, value: unknown): ChannelState {
  const body = new JsonBody(name, value)
  return {
    offset: body.required('offset', body.integer('offset', Number.MAX_SAFE_INTEGER)),
    recovered: body.required('recovered', body.boolean('recovered')),
  }
}
