/** ERROR, why a message or a connection failed: JSON {code, number, title, detail?, retryAfterMs?, traceId?}. docs/protocol.md, section 6. */
import type { Problem } from './errors.ts'
import { encodeFrame } from './frame.ts'
import { withoutUndefined } from './frame-syn.ts'
import { Codec, FrameType } from './frame-type.ts'
import { JsonBody } from './json-body.ts'
import { MAX_NAME } from './limits.ts'

/** A problem as received: a newer peer may use a code that this registry doesn't know. */
export interface ReceivedProblem extends Omit<Problem, 'code'> {
  code: string
}

const MAX_U32 = 0xffffffff
const MAX_DETAIL = 65_536

/** A whole ERROR frame; msgId 0 is about the connection. */
export function encodeError(problem: Problem, about: { msgId: number; opcode?: number }): Uint8Array {
  return encodeFrame({
    type: FrameType.ERROR,
    codec: Codec.JSON,
    opcode: about.opcode,
    msgId: about.msgId,
    payload: JSON.stringify(problem),
  })
}

/** Reads the payload of an ERROR; throws ProtocolError BAD_FRAME naming the field that is wrong or missing. */
export function decodeError(payload: Uint8Array): ReceivedProblem {
  return readProblem(JsonBody.parse('error', payload))
}

/** The fields that ERROR and CLOSE have in common. */
export function readProblem(body: JsonBody): ReceivedProblem {
  return withoutUndefined<ReceivedProblem>({
    code: body.required('code', body.text('code', MAX_NAME)),
    number: body.required('number', body.integer('number', MAX_U32)),
    title: body.text('title', MAX_DETAIL) ?? '',
    detail: body.text('detail', MAX_DETAIL),
    retryAfterMs: body.integer('retryAfterMs', MAX_U32),
    traceId: body.text('traceId', MAX_NAME),
  })
}
