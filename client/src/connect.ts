/** Opens a client by address. */
import { Client } from './client.ts'
import type { OpenConnection } from './connection.ts'
import { openWebSocket } from './connection-ws.ts'
import { Gateways, type GatewaysOptions } from './gateways.ts'
import { BACKOFF_MAX_MS } from './limits.ts'
import { CONNECT_OPTIONS, checkOptions } from './option-checks.ts'
import type { ConnectOptions, TlsCredentials } from './options.ts'
import type { RouteTypes, TypedClient } from './route-types.ts'

/** Of one gateway, or of several that speak the same protocol. */
type Addresses = string | URL | readonly (string | URL)[]

const PROTOCOLS = ['tcp:', 'tls:', 'ws:', 'wss:']

/**
 * Connects to a gateway at `tcp://host:port`, `tls://host:port`, `ws://host:port` or `wss://host:port` and resolves once the session stands.
 * Of several addresses one is chosen for each connection (`balance`); `discover` finds more. Rejects with CausewayError: UNREACHABLE after `connectTimeout`,
 * or the code the server closed with; with TypeError or RangeError where an address or an option is wrong.
 */
export function connect(address: Addresses, options?: ConnectOptions): Promise<Client>
/** The same, of a system whose routes the compiler knows: `connect<Routes>(address)`. */
export function connect<R extends RouteTypes<R>>(address: Addresses, options?: ConnectOptions): Promise<TypedClient<R>>
export async function connect(address: Addresses, options: ConnectOptions = {}): Promise<Client> {
  checkOptions(options, CONNECT_OPTIONS)
  checkBackoff(options)
  const urls = [address].flat().map(urlOf)
  const [url] = urls
  if (url === undefined) throw new TypeError('no address: expected one of a gateway, or several')
  const other = urls.find(({ protocol }) => protocol !== url.protocol)
  if (other !== undefined) throw new TypeError(`addresses ${url.href} and ${other.href} have different protocols`)
  const client = new Client(new Gateways(urls, balancing(url, options)), openerOf(url, options.tls), options)
  await client.start()
  return client
}

function urlOf(address: string | URL): URL {
  const url = URL.canParse(String(address)) ? new URL(address) : undefined
  if (url === undefined || !PROTOCOLS.includes(url.protocol))
    throw new TypeError(`address is ${address}, expected tcp://, tls://, ws:// or wss://, with host and port`)
  return url
}

function checkBackoff({ backoff: { min = 0, max = BACKOFF_MAX_MS } = {} }: ConnectOptions): void {
  if (min > max) throw new RangeError(`backoff.min is ${min}, expected at most backoff.max (${max})`)
}

function balancing({ protocol }: URL, { balance = 'random', discover }: ConnectOptions): GatewaysOptions {
  if (discover === undefined) {
    if (balance === 'weighted' || balance === 'least-loaded')
      throw new TypeError(`balance ${balance} needs discover: addresses alone have no weights`)
    return { balance, discover: undefined, random: Math.random }
  }
  if (protocol !== 'tcp:' && protocol !== 'ws:')
    throw new TypeError(`discover is for tcp:// and ws://: a directory names no ports of ${protocol}//`)
  return { balance, discover: new URL('/v1/services', discover), random: Math.random }
}

function openerOf(url: URL, tls: TlsCredentials | undefined): OpenConnection {
  if (tls !== undefined && url.protocol !== 'tls:' && url.protocol !== 'wss:')
    throw new TypeError(`tls is for tls:// and wss://: what goes over ${url.protocol}// is not encrypted`)
  switch (url.protocol) {
    case 'tcp:':
      return lazily(async () => (await import('./connection-tcp.ts')).openTcp)
    case 'tls:':
      return lazily(async () => (await import('./connection-tcp.ts')).openTls(tls))
    case 'wss:':
      // the WebSocket that is built in takes no certificates
      return tls === undefined ? openWebSocket : lazily(async () => (await import('./connection-wss.ts')).openSecureWebSocket(tls))
    default:
      return openWebSocket
  }
}

/** Node's sockets are loaded only where they are used, so that a browser's bundle goes without them. */
const lazily =
  (load: () => Promise<OpenConnection>): OpenConnection =>
  async (url, events, signal) =>
    await (await load())(url, events, signal)
