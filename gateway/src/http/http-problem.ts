import { ERRORS, type ErrorEntry, type Problem, ProtocolError, problem } from '@causeway/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'

const STATUS_OF_OTHERS = 500

/** Of `Authorization: Bearer` (RFC 6750, section 2.1); undefined where there is none. */
export const tokenOf = (request: FastifyRequest): string | undefined => /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]

/** Answers with application/problem+json (RFC 9457). An error that is none of the registry's is a backend's. */
export function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const refusal: Problem =
    error instanceof ProtocolError ? error.problem() : problem('BACKEND_UNAVAILABLE', { detail: (error as Error).message })
  const entry: ErrorEntry = ERRORS[refusal.code]
  const status = refusal.code === 'SESSION_UNKNOWN' ? 404 : refusal.code === 'GOING_AWAY' ? 503 : (entry.httpStatus ?? STATUS_OF_OTHERS)
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ ...refusal, status })
}
