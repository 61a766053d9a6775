import { rangeFaults } from './addresses.ts'
import { isTable } from './kinds.ts'

/**
 * Who may speak at a listener, since a dialect carries no token: whoever reaches it; whoever comes from one of these addresses; whoever sends these
 * bytes before anything else; or whoever has a certificate that the listener's CA signed.
 */
export type ListenerAuth =
  | 'none'
  | { readonly allow: readonly string[] }
  | { readonly firstFrame: Uint8Array; readonly principal?: string }
  | { readonly mtls: true }

export const asksForCertificate = (auth: ListenerAuth): boolean => auth !== 'none' && 'mtls' in auth

/** Least bytes of a first frame: fewer are guessed within a day at the default rate of connections. Most: what one read brings. */
const MIN_SECRET_BYTES = 4
const MAX_SECRET_BYTES = 4_096

export const AUTH_EXPECTED = '"none" said aloud, {"allow": [ranges]}, {"firstFrame": {"text" or "base64"}, "principal"} or {"mtls": true}'
const SECRET = `{"text": "…"} or {"base64": "…"} of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`

/** What is wrong with a listener's `auth`, a line for each, behind its name. A secret is not shown. */
export function authFaults(raw: unknown): string[] {
  if (raw === 'none') return []
  if (!isTable(raw)) return [` is ${JSON.stringify(raw)}: expected ${AUTH_EXPECTED}`]
  const way = ['allow', 'firstFrame', 'mtls'].filter(key => raw[key] !== undefined)
  if (way.length !== 1) return [` names ${way.join(' and ') || 'no way to authenticate'}: expected one of ${AUTH_EXPECTED}`]
  const known = raw.firstFrame === undefined ? way : ['firstFrame', 'principal']
  const unknown = Object.keys(raw).filter(key => !known.includes(key))
  return [...unknown.map(key => `.${key} is not known: expected ${known.join(', ')}`), ...wayFaults(raw)]
}

function wayFaults({ allow, firstFrame, mtls, principal }: Record<string, unknown>): string[] {
  if (firstFrame !== undefined) {
    const wrong = secretOf(firstFrame) === undefined ? [`.firstFrame is (hidden): expected ${SECRET}`] : []
    const nameless = principal !== undefined && (typeof principal !== 'string' || principal === '')
    return nameless ? [...wrong, `.principal is ${JSON.stringify(principal)}: expected a name`] : wrong
  }
  if (mtls !== undefined) return mtls === true ? [] : [`.mtls is ${JSON.stringify(mtls)}: expected true`]
  if (Array.isArray(allow) && allow.length > 0) return rangeFaults(allow).map(fault => `.allow${fault}`)
  return [`.allow is ${JSON.stringify(allow)}: expected a list of addresses and ranges, as ["10.0.0.0/8", "::1"]`]
}

/** Of a value without faults. */
export function authOf(raw: unknown): ListenerAuth {
  if (!isTable(raw) || raw.firstFrame === undefined) return raw as ListenerAuth
  return { ...(raw as { principal?: string }), firstFrame: secretOf(raw.firstFrame)! }
}

function secretOf(raw: unknown): Uint8Array | undefined {
  if (!isTable(raw) || Object.keys(raw).length !== 1) return undefined
  const bytes = typeof raw.text === 'string' ? Buffer.from(raw.text) : typeof raw.base64 === 'string' ? base64(raw.base64) : undefined
  return bytes !== undefined && bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES ? bytes : undefined
}

/** Node skips what is no base64: a secret must not become another one by a slip. */
function base64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64').replaceAll('=', '') === text.replaceAll('=', '') ? bytes : undefined
}
