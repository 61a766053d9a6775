import { createHmac } from 'node:crypto'

/** A secret of 32 bytes, the least that HS256 takes. */
export const SECRET = 'a-secret-of-thirty-two-bytes-it-is'

/** A JSON Web Token signed with HS256 (RFC 7515, RFC 7519), made by hand so that no library checks its own work. */
export function signedToken(claims: object, secret = SECRET): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Seconds since 1970, as tokens count. */
export const seconds = (fromNow: number): number => Math.floor(Date.now() / 1_000) + fromNow
