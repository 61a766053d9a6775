import { isIP } from 'node:net'

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))

/**
 * Whether a page of `origin` may open a WebSocket at `host` (RFC 6455, section 10.2). No Origin header: no browser, allowed.
 * Without an allow-list: pages of the same host, and any loopback page at a loopback gateway.
 */
export function originAllowed(origin: string | undefined, host: string | undefined, allowed: readonly string[] | undefined): boolean {
  if (origin === undefined) return true
  if (allowed !== undefined) return allowed.includes(origin) || allowed.includes('*')
  if (!URL.canParse(origin)) return false
  const from = new URL(origin).hostname
  const at = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
  return from === at || (isLoopback(from) && isLoopback(at))
}
