import { createHmac, randomUUID } from 'node:crypto'

/** HS256 asks for 32 bytes at least (RFC 7518, section 3.2). */
export const JWT_SECRET = 'a secret of the bench, and of nobody else'
/** Of a token, s. */
const LIFETIME_S = 3_600

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEADER = encoded({ alg: 'HS256', typ: 'JWT' })

/** A token of a principal that nobody else is: a gateway can't know it from before. */
export function newToken(): string {
  const signed = `${HEADER}.${encoded({ sub: randomUUID(), exp: Math.floor(Date.now() / 1_000) + LIFETIME_S })}`
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`
}
