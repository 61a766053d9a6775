/** CLOSE, the last frame of a connection: the JSON of an ERROR and beside it `reason`. docs/protocol.md, sections 2 and 6. */
import type { Problem } from './errors.ts'
import { encodeFrame } from './frame.ts'
import type { ReceivedProblem } from './frame-error.ts'
import { readProblem } from './frame-error.ts'
import { Codec, FrameType } from './frame-type.ts'
import { JsonBody } from './json-body.ts'

/** Why a connection ends. */
export interface Close extends ReceivedProblem {
  /** The detail, or the title where there is none. */
  reason: string
}

const MAX_REASON = 65_536

/** A whole CLOSE frame. */
export function encodeClose(problem: Problem): Uint8Array {
  const close: Close = { ...problem, reason: problem.detail ?? problem.title }
  return encodeFrame({ type: FrameType.CLOSE, codec: Codec.JSON, payload: JSON.stringify(close) })
}

/** Reads the payload of a CLOSE; throws ProtocolError BAD_FRAME naming the field that is wrong or missing. */
export function decodeClose(payload: Uint8Array): Close {
  const body = JsonBody.parse('close', payload)
  const problem = readProblem(body)
  return { ...problem, reason: body.text('reason', MAX_REASON) ?? problem.detail ?? problem.title }
}
