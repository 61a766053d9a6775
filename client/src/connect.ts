/** Opens a client by address. */
import { Client } from './client.ts'
import type { OpenConnection } from './connection.ts'
import { openWebSocket } from './connection-ws.ts'
import type { ConnectOptions, TlsCredentials } from './options.ts'
import type { RouteTypes, TypedClient } from './route-types.ts'

/**
 * Connects to a gateway at `tcp://host:port`, `tls://host:port`, `ws://host:port` or `wss://host:port` and resolves once the session stands.
 * Rejects with CausewayError: UNREACHABLE after `connectTimeout`, or the code the server closed with; with TypeError on another address.
 */
export function connect(address: string | URL, options?: ConnectOptions): Promise<Client>
/** The same, of a system whose routes the compiler knows: `connect<Routes>(address)`. */
export function connect<R extends RouteTypes<R>>(address: string | URL, options?: ConnectOptions): Promise<TypedClient<R>>
export async function connect(address: string | URL, options: ConnectOptions = {}): Promise<Client> {
  const url = new URL(address)
  const client = new Client(url, openerOf(url, options.tls), options)
  await client.start()
  return client
}

function openerOf(url: URL, tls: TlsCredentials | undefined): OpenConnection {
  switch (url.protocol) {
    case 'tcp:':
      return lazily(async () => (await import('./connection-tcp.ts')).openTcp)
    case 'tls:':
      return lazily(async () => (await import('./connection-tcp.ts')).openTls(tls))
    case 'wss:':
      // the WebSocket that is built in takes no certificates
      return tls === undefined ? openWebSocket : lazily(async () => (await import('./connection-wss.ts')).openSecureWebSocket(tls))
    case 'ws:':
      return openWebSocket
    default:
      throw new TypeError(`address is ${url.href}, expected tcp://, tls://, ws:// or wss://`)
  }
}

/** Node's sockets are loaded only where they are used, so that a browser's bundle goes without them. */
const lazily =
  (load: () => Promise<OpenConnection>): OpenConnection =>
  async (url, events, signal) =>
    await (await load())(url, events, signal)
