import { timingSafeEqual } from 'node:crypto'
import type { Config } from '@causeway/config'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { tokenVerifier } from '../authentication.ts'

/** A viewer looks; an operator also replays, discards and cancels; an admin also changes the configuration. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Whoever calls, as far as it was proved. */
export interface Operator {
  role: Role
  /** The `sub` of a JWT; undefined where it was one of the configured tokens, which say no name. */
  name: string | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the port asks for tokens. */
    operator?: Operator
  }
  interface FastifyContextConfig {
    /** The least that a call needs; else a viewer's for what only reads, an operator's for what changes something. */
    role?: Role
  }
}

/** Claim of a JWT that makes whoever has it an operator. */
const CLAIM = 'causeway_role'

/** Where there is an admin's token, every call needs one of the configured tokens, or a JWT of the clients' issuer with a role. */
export function demandRoles(server: FastifyInstance, config: Config): void {
  if (config.adminToken === undefined) return
  const identify = identification(config)
  server.addHook('onRequest', async (request, reply) => {
    const operator = await identify(tokenOf(request))
    if (operator === undefined) {
      return await reply.code(401).header('www-authenticate', 'Basic realm="causeway", charset="UTF-8"').send({
        code: 'UNAUTHENTICATED',
        title: 'Unauthenticated',
        detail: 'send CAUSEWAY_ADMIN_TOKEN, or the token of another role, as a bearer token',
      })
    }
    const needed = neededBy(request)
    if (ROLES.indexOf(operator.role) < ROLES.indexOf(needed)) {
      const detail = `this call needs the role ${needed}, and the token has ${operator.role}`
      return await reply.code(403).send({ code: 'FORBIDDEN', title: 'Forbidden', detail })
    }
    request.operator = operator
  })
}

function neededBy({ method, routeOptions }: FastifyRequest): Role {
  return routeOptions.config?.role ?? (method === 'GET' || method === 'HEAD' ? 'viewer' : 'operator')
}

/** Bearer token, or as the password of HTTP basic so that a browser can ask for it. */
function tokenOf({ headers }: FastifyRequest): string {
  const [scheme, credentials = ''] = (headers.authorization ?? '').split(' ')
  if (!/^basic$/i.test(scheme)) return credentials
  return Buffer.from(credentials, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '')
}

function identification(config: Config): (token: string) => Promise<Operator | undefined> {
  const tokens = [
    { role: 'admin', token: config.adminToken },
    { role: 'operator', token: config.operatorToken },
    { role: 'viewer', token: config.viewerToken },
  ] as const
  const verify = config.auth === 'jwt' ? tokenVerifier(config) : undefined
  return async given => {
    const found = tokens.find(({ token }) => token !== undefined && same(given, token))
    if (found !== undefined) return { role: found.role, name: undefined }
    if (verify === undefined || given === '') return undefined
    const payload = await verify(given).catch(() => undefined)
    const role = ROLES.find(each => each === payload?.[CLAIM])
    return role && { role, name: payload?.sub }
  }
}

function same(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}
