/** Values to payloads and back: bytes stay bytes, anything else is JSON. */
import { Codec, utf8Decode } from '@causeway/protocol'

/** A payload ready for a frame. */
export interface EncodedPayload {
  codec: number
  payload: Uint8Array | string
}

/** The payload of a value; undefined is no payload. Throws TypeError where a value has no JSON. */
export function encodePayload(value: unknown): EncodedPayload {
  if (value instanceof Uint8Array) return { codec: Codec.BYTES, payload: value }
  if (value === undefined) return { codec: Codec.BYTES, payload: '' }
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`payload is a ${typeof value}, expected bytes or a value that JSON can say`)
  return { codec: Codec.JSON, payload: text }
}

/** The value of a payload: parsed where the codec is JSON, else a copy of the bytes, which no longer holds the read it came in. */
export function decodePayload(codec: number, payload: Uint8Array): unknown {
  return codec === Codec.JSON && payload.length > 0 ? JSON.parse(utf8Decode(payload)) : payload.slice()
}
