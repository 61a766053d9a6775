import { ERRORS, type ErrorName, isErrorName, type Problem, problem } from '@causeway/protocol'

/** Why `ctx.request` got no answer. Decide by `code`: a failure of the protocol's registry (docs/errors.md). */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: ErrorName
  /** What exactly went wrong; '' where nobody said. */
  readonly detail: string
  /** Whether the request had no effect, and may succeed later. */
  readonly retryable: boolean
  /** ms after which another try makes sense. */
  readonly retryAfterMs: number | undefined
  /** The route that was asked. */
  readonly route: string

  constructor(route: string, { code, title, detail = '', retryAfterMs }: Problem, options?: { cause?: unknown }) {
    super(`request to ${route}: ${code}: ${detail === '' ? title : detail}`, options)
    this.route = route
    this.code = code
    this.detail = detail
    this.retryable = ERRORS[code].retryable
    this.retryAfterMs = retryAfterMs
  }
}

/** A failure that the worker itself has found. */
export const requestFailure = (route: string, code: ErrorName, detail: string, cause?: unknown): RequestError =>
  new RequestError(route, problem(code, { detail }), { cause })

/** What an ERROR brought; a code that a newer version has counts as HANDLER_FAILED. */
export function answeredError(route: string, payload: Uint8Array): RequestError {
  const told = JSON.parse(Buffer.from(payload).toString('utf8')) as Problem
  if (isErrorName(told.code)) return new RequestError(route, told)
  return requestFailure(route, 'HANDLER_FAILED', `${String(told.code)}: ${told.detail ?? told.title}`)
}
