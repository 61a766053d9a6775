/** How a message or a connection fails, as the application sees it: decide by `code`, never by the text. */
import type { ErrorName, ReceivedProblem } from '@causeway/protocol'
import { problem } from '@causeway/protocol'

/** What only a client can say; these never cross the wire and have the number 0. */
const LOCAL = {
  /** It was sent and its outcome will never be known: the session is gone. It is not sent again by itself. */
  UNKNOWN: 'The outcome is unknown',
  /** The client was closed before the message was sent. */
  CLOSED: 'The client is closed',
  /** No gateway could be reached within the time to connect. */
  UNREACHABLE: 'No gateway could be reached',
} as const

/** A code of the registry, one of the client's own, or one that a newer server has. */
export type ErrorCode = ErrorName | keyof typeof LOCAL | (string & {})

/** Why a request, notification, stream or connection failed. */
export class CausewayError extends Error {
  override readonly name = 'CausewayError'
  readonly code: ErrorCode
  /** The number of the registry; 0 for UNKNOWN, CLOSED and UNREACHABLE. */
  readonly number: number
  readonly detail: string | undefined
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs: number | undefined
  readonly traceId: string | undefined

  constructor(received: ReceivedProblem, options?: { cause?: unknown }) {
    const { code, number, title, detail, retryAfterMs, traceId } = received
    super(detail === undefined ? `${code}: ${title}` : `${code}: ${title}: ${detail}`, options)
    this.code = code
    this.number = number
    this.detail = detail
    this.retryAfterMs = retryAfterMs
    this.traceId = traceId
  }
}

/** A failure with a code of the registry that the client itself has found. */
export function failure(code: ErrorName, detail: string, cause?: unknown): CausewayError {
  return new CausewayError(problem(code, { detail }), { cause })
}

/** A failure that only a client can have. */
export function localFailure(code: keyof typeof LOCAL, detail: string, cause?: unknown): CausewayError {
  return new CausewayError({ code, number: 0, title: LOCAL[code], detail }, { cause })
}
