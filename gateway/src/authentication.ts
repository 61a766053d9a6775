import type { webcrypto } from 'node:crypto'
import type { Config } from '@causeway/config'
import { ProtocolError } from '@causeway/protocol'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { TOKEN_CACHE } from './limits.ts'

export interface Identity {
  /** The token's `sub`; '' where no token is asked for. */
  principal: string
  /** Unix ms; Infinity where there is no end. */
  expiresAt: number
  /** The token's `channels`: names and patterns of what it may subscribe to; undefined where it says nothing of them. */
  channels?: readonly string[]
}

/** Who a client is. Throws ProtocolError: UNAUTHENTICATED without a valid token, TOKEN_EXPIRED where fetching another helps. */
export type Authenticate = (token: string | undefined) => Promise<Identity>

const ANYBODY: Identity = { principal: '', expiresAt: Number.POSITIVE_INFINITY }

/** HS256 by a shared secret, or the asymmetric algorithms of a key set (RFC 7518, section 3.1); a verified token is remembered until it expires. */
export function authentication(config: Config): Authenticate {
  if (config.auth !== 'jwt') return async () => ANYBODY
  const verify = tokenVerifier(config)
  const verified = new Map<string, Identity>()
  return async token => {
    if (token === undefined) throw new ProtocolError('UNAUTHENTICATED', 'no token: send one in the SYN or as Authorization: Bearer')
    const known = verified.get(token)
    if (known !== undefined && known.expiresAt > Date.now()) return known
    const identity = identityOf(await verifiedPayload(verify, token))
    if (verified.size >= TOKEN_CACHE) verified.delete(verified.keys().next().value!)
    verified.set(token, identity)
    return identity
  }
}

type Verify = (token: string) => Promise<JWTPayload>

/** Gives the claims of a token that is valid now; rejects for any other. */
export function tokenVerifier(config: Config): Verify {
  const options: JWTVerifyOptions = { issuer: config.jwtIssuer, audience: config.jwtAudience }
  if (config.jwtSecret !== undefined) {
    const bytes = new TextEncoder().encode(config.jwtSecret)
    // imported once: jose would do so for each token
    let secret: Promise<webcrypto.CryptoKey> | undefined
    return async token => {
      secret ??= crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
      return (await jwtVerify(token, await secret, { ...options, algorithms: ['HS256'] })).payload
    }
  }
  const keys = createRemoteJWKSet(new URL(config.jwksUrl!))
  const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']
  return async token => (await jwtVerify(token, keys, { ...options, algorithms })).payload
}

async function verifiedPayload(verify: Verify, token: string): Promise<JWTPayload> {
  try {
    return await verify(token)
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new ProtocolError('TOKEN_EXPIRED', 'the token has expired', { cause: error })
    if (isAboutToken(error))
      throw new ProtocolError('UNAUTHENTICATED', `the token is not valid: ${(error as Error).message}`, { cause: error })
    throw new ProtocolError('BACKEND_UNAVAILABLE', `the issuer's keys cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

/** No answer in time, one that is no 200 or no JSON (jose gives it its general code), and JSON that is no key set. */
const ABOUT_KEY_SET: ReadonlySet<string> = new Set([errors.JWKSTimeout.code, errors.JOSEError.code, errors.JWKSInvalid.code])

/** A key set that can't be had says nothing about the token: its client may come back. */
function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && !ABOUT_KEY_SET.has(error.code)
}

function identityOf(payload: JWTPayload): Identity {
  if (payload.sub === undefined || payload.sub === '') throw new ProtocolError('UNAUTHENTICATED', 'the token has no sub')
  const { sub: principal, exp, channels } = payload
  const expiresAt = exp === undefined ? Number.POSITIVE_INFINITY : exp * 1_000
  if (channels === undefined) return { principal, expiresAt }
  if (!Array.isArray(channels) || channels.some(each => typeof each !== 'string'))
    throw new ProtocolError('UNAUTHENTICATED', "the token's channels are no list of texts")
  return { principal, expiresAt, channels }
}
