/** CREDIT, a new window: u32 messages, u32 bytes. docs/protocol.md, sections 2 and 5. */
import { ProtocolError } from './errors.ts'
import { encodeFrame } from './frame.ts'
import { FrameType } from './frame-type.ts'
import { readU32, writeU32 } from './u32.ts'

/** The new total window; 0 messages: send nothing for now. */
export interface Credit {
  messages: number
  bytes: number
}

const SIZE = 8

/** A whole CREDIT frame. */
export function encodeCredit(credit: Credit): Uint8Array {
  const payload = new Uint8Array(SIZE)
  writeU32(payload, 0, credit.messages)
  writeU32(payload, 4, credit.bytes)
  return encodeFrame({ type: FrameType.CREDIT, payload })
}

/** Reads the payload of a CREDIT; throws ProtocolError BAD_FRAME where it hasn't 8 bytes. */
export function decodeCredit(payload: Uint8Array): Credit {
  if (payload.length !== SIZE) throw new ProtocolError('BAD_FRAME', `credit has ${payload.length} bytes, expected ${SIZE}`)
  return { messages: readU32(payload, 0), bytes: readU32(payload, 4) }
}
