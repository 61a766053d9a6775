/** Opens a client by address. */
import { Client } from './client.ts'
import type { ConnectionEvents, OpenConnection } from './connection.ts'
import { openWebSocket } from './connection-ws.ts'
import type { ConnectOptions } from './options.ts'

/**
 * Connects to a gateway at `tcp://host:port`, `ws://host:port` or `wss://host:port` and resolves once the session stands.
 * Rejects with CausewayError: UNREACHABLE after `connectTimeout`, or the code the server closed with; with TypeError on another address.
 */
export async function connect(address: string | URL, options: ConnectOptions = {}): Promise<Client> {
  const url = new URL(address)
  const client = new Client(url, openerOf(url), options)
  await client.start()
  return client
}

function openerOf(url: URL): OpenConnection {
  switch (url.protocol) {
    case 'tcp:':
      return openTcpLazily
    case 'ws:':
    case 'wss:':
      return openWebSocket
    default:
      throw new TypeError(`address is ${url.href}, expected tcp://, ws:// or wss://`)
  }
}

/** Node's sockets are loaded only here, so that a browser's bundle goes without them. */
async function openTcpLazily(url: URL, events: ConnectionEvents, signal: AbortSignal) {
  const { openTcp } = await import('./connection-tcp.ts')
  return openTcp(url, events, signal)
}
