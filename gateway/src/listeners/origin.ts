import { isIP } from 'node:net'

/** Whether a host name of a URL is this machine's own. */
export const isLoopback = (hostname: string): boolean =>
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

/**
 * Whether a request names the address it came to: on a loopback listener the Host header must be a loopback name, so that a page whose own
 * name was made to point here (DNS rebinding) gets nothing.
 */
export function hostAllowed(listening: string, host: string | undefined): boolean {
  if (!isLoopback(listening === '::1' ? '[::1]' : listening)) return true
  return URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname)
}
