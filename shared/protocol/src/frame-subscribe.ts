/** SUBSCRIBE, a client asks for a channel: metadata channel, payload JSON {offset?} or none. docs/protocol.md, section 5. */
import { JsonBody } from './json-body.ts'

/** What a SUBSCRIBE asks for beside its channel. */
export interface Subscribe {
  /** All above it is wanted; without one what is published from now on. */
  offset?: number
}

/** Reads the payload of a SUBSCRIBE; throws ProtocolError BAD_FRAME naming the field that is wrong. */
export function decodeSubscribe(payload: Uint8Array): Subscribe {
  if (payload.length === 0) return {}
  const offset = JsonBody.parse('subscribe', payload).integer('offset', Number.MAX_SAFE_INTEGER - 1)
  return offset === undefined ? {} : { offset }
}
