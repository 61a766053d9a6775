/** `wss://` with credentials of its own: the WebSocket of Node takes none, so it is one of the ws library. Loaded only when such an address is used. */
import { WebSocket as NodeWebSocket } from 'ws'
import type { OpenConnection } from './connection.ts'
import { openWith } from './connection-ws.ts'
import { nodeCredentials } from './node-credentials.ts'
import type { TlsCredentials } from './options.ts'

/** Opens a WebSocket with credentials; see `OpenConnection`. */
export const openSecureWebSocket =
  (credentials: TlsCredentials): OpenConnection =>
  (url, events, signal) =>
    openWith(
      (address, subprotocols) => {
        const options = { ...nodeCredentials(credentials), minVersion: 'TLSv1.2', perMessageDeflate: false } as const
        return new NodeWebSocket(address, subprotocols, options) as unknown as WebSocket
      },
      url,
      events,
      signal,
    )
