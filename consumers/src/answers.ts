import { type ErrorName, encodeError, encodeFrame, FrameType, problem } from '@causeway/protocol'
import type { FinishFinal, Outcome } from '@causeway/sessions'
import type { StoredMessage } from './stored-message.ts'

/** The delivery that answers a message; undefined where nobody waits for one. */
export function responseFrame(message: StoredMessage, payload: Uint8Array, codec: number, answeredBy: string | undefined): Uint8Array {
  const { msgId, opcode } = message.header
  const metadata = answeredBy === undefined ? undefined : { answeredBy }
  return encodeFrame({ type: FrameType.RESPONSE, codec, opcode, msgId, metadata, payload })
}

export function errorFrame(message: StoredMessage, code: ErrorName, detail: string): Uint8Array {
  const { msgId, opcode } = message.header
  return encodeError(problem(code, { detail, traceId: traceIdOf(message) }), { msgId, opcode })
}

/** The finish that ends a message. A notification has no delivery, whatever it ended with. */
export function finalEntry(message: StoredMessage, outcome: Outcome, frame: Uint8Array | undefined): FinishFinal {
  const { session, bucket, header } = message
  const { incarnation, msgId, prev } = header
  const answers = header.kind === 'request'
  return {
    kind: 'final',
    session,
    bucket,
    incarnation,
    msgId,
    prev,
    outcome: answers || outcome !== 'answered' ? outcome : 'notified',
    frame: answers ? frame : undefined,
  }
}

const traceIdOf = (message: StoredMessage): string | undefined => message.traceparent?.split('-')[1]
