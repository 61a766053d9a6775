import type { FastifyRequest } from 'fastify'

/** The `sub` of an operator's JWT, or else the user name of HTTP basic, which is a claim and no proof; and the address. */
export function whoOf({ headers, ip, operator }: FastifyRequest): { by: string; from: string } {
  if (operator?.name !== undefined) return { by: operator.name.slice(0, 100), from: ip }
  const credentials = /^basic (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const user = credentials === undefined ? '' : Buffer.from(credentials, 'base64').toString('utf8').split(':')[0]
  return { by: user === '' ? 'operator' : user.slice(0, 100), from: ip }
}
