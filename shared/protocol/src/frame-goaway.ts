/** GOAWAY, finish what is in flight and connect elsewhere: JSON {reason, reconnectAfterMs, code}. docs/protocol.md, section 2. */
import { encodeFrame } from './frame.ts'
import { Codec, FrameType } from './frame-type.ts'
import { JsonBody } from './json-body.ts'
import { MAX_NAME } from './limits.ts'

/** Why and when to connect again. */
export interface Goaway {
  reason: string
  /** Milliseconds; 0: at once. */
  reconnectAfterMs: number
  /** The name of an error; a newer server may use one this registry doesn't know. */
  code: string
}

const MAX_U32 = 0xffffffff

/** A whole GOAWAY frame. */
export function encodeGoaway(goaway: Goaway): Uint8Array {
  return encodeFrame({ type: FrameType.GOAWAY, codec: Codec.JSON, payload: JSON.stringify(goaway) })
}

/** Reads the payload of a GOAWAY; throws ProtocolError BAD_FRAME naming the field that is wrong. */
export function decodeGoaway(payload: Uint8Array): Goaway {
  const body = JsonBody.parse('goaway', payload)
  return {
    reason: body.text('reason', MAX_NAME) ?? '',
    reconnectAfterMs: body.integer('reconnectAfterMs', MAX_U32) ?? 0,
    code: body.text('code', MAX_NAME) ?? 'GOING_AWAY',
  }
}
