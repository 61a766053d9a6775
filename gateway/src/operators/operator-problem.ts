import { ERRORS, type ErrorEntry, type ErrorName } from '@causeway/protocol'
import type { FastifyError, FastifyReply } from 'fastify'

/** What only operators meet; the rest is of the registry. */
const OWN = {
  NOT_FOUND: { status: 404, title: 'There is no such thing' },
  CONFLICT: { status: 409, title: 'Not now' },
  INVALID_CONFIG: { status: 422, title: 'Not a configuration that can be used' },
  CONFIG_REFUSED: { status: 422, title: 'A process can not work by this configuration' },
} as const

type Code = keyof typeof OWN | Extract<ErrorName, 'BAD_PAYLOAD' | 'BACKEND_UNAVAILABLE' | 'TOO_LARGE'>

/** A refusal of an operator's call. `field` names what is to be mended, where it is one. */
export class OperatorProblem extends Error {
  override readonly name = 'OperatorProblem'
  readonly code: Code
  readonly field: string | undefined
  /** Further members of the answer. */
  readonly more: object

  constructor(code: Code, detail: string, field?: string, more: object = {}) {
    super(detail)
    this.code = code
    this.field = field
    this.more = more
  }
}

/** A body or a query that has something wrong in `field`. */
export const wrong = (field: string, detail: string): OperatorProblem => new OperatorProblem('BAD_PAYLOAD', `${field} ${detail}`, field)

/** Answers a failed call as application/problem+json. */
export function answerProblem(error: unknown, reply: FastifyReply): FastifyReply {
  const { code, message, field, more } = asProblem(error)
  const { status, title } = code in OWN ? OWN[code as keyof typeof OWN] : ofRegistry(code as ErrorName)
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ code, title, status, detail: message, field, ...more })
}

function asProblem(error: unknown): OperatorProblem {
  if (error instanceof OperatorProblem) return error
  const { statusCode, message } = error as Partial<FastifyError> & Error
  if (statusCode === 413) return new OperatorProblem('TOO_LARGE', message)
  if (statusCode !== undefined && statusCode < 500)
    return new OperatorProblem('BAD_PAYLOAD', `the body: ${message}: expected a JSON object`)
  return new OperatorProblem('BACKEND_UNAVAILABLE', message)
}

function ofRegistry(code: ErrorName): { status: number; title: string } {
  const { title, httpStatus }: ErrorEntry = ERRORS[code]
  return { title, status: httpStatus! }
}
