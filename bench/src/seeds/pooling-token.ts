import { createHmac } from 'node:crypto'

/** Of the gateway that is measured; no secret of anybody's. */
export const SECRET = 'a secret of the bench, known to all'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that this gateway takes, HS256 (RFC 7515, section 3.1). */
export function benchToken(): string {
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'bench', exp: Math.floor(Date.now() / 1_000) + 86_400 })}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}
