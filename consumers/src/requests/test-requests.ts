import { isErrorName, problem } from '@causeway/protocol'
import { Reject } from '../outcome-errors.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { RequestError, requestFailure } from './request-error.ts'
import type { Ask } from './requests.ts'

/** A request as it comes to what stands for another service. */
export interface TestRequest {
  route: string
  /** Idempotency key. */
  key: string
  /** Whose message is handled. */
  session: string
  principal: string
}

/** Stands for a route of another service: answers, or throws `Reject`, or an error whose `code` is one of the registry. */
export type TestAnswer = (payload: unknown, request: TestRequest) => unknown

/** What `ctx.request` does in a test: asks what stands for the route, and knows no other. */
export function testRequests(service: string, answers: Readonly<Record<string, TestAnswer>>): Ask {
  return async (ctx, n, route, payload) => {
    const answer = Object.hasOwn(answers, route) ? answers[route] : undefined
    if (answer === undefined) throw requestFailure(route, 'NO_ROUTE', `the test names no answer for ${route}: give one in \`requests\``)
    const { session, principal, msgId, signal } = ctx
    const request = { route, session, principal, key: `${service}/${session}/${msgId}/r${n}` }
    const answered = (async () => answer(copied(payload), request))().catch(error => {
      throw failureOf(route, error)
    })
    return copied(await unlessAborted(answered, signal))
  }
}

/** As it would be after its way over the log. */
const copied = (value: unknown): unknown =>
  value === undefined || value instanceof Uint8Array ? value : (JSON.parse(JSON.stringify(value)) as unknown)

function failureOf(route: string, error: unknown): RequestError {
  if (error instanceof RequestError) return error
  const { message, code } = error as { message?: string; code?: unknown }
  if (error instanceof Reject) return requestFailure(route, 'REJECTED', error.message, error)
  const name = typeof code === 'string' && isErrorName(code) ? code : 'DEAD_LETTERED'
  return new RequestError(route, problem(name, { detail: message }), { cause: error })
}
