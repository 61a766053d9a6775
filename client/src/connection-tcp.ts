/** `tcp://host:port` and `tls://host:port`. Loaded only when such an address is used, so that a browser's bundle goes without it. */
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Connection, ConnectionEvents, OpenConnection } from './connection.ts'
import { nodeCredentials } from './node-credentials.ts'
import type { TlsCredentials } from './options.ts'

/** The ports of a gateway's TCP listener, and of the one over TLS. */
const DEFAULT_PORT = 7400
const DEFAULT_TLS_PORT = 7443

/** Opens a TCP connection; see `OpenConnection`. */
export const openTcp: OpenConnection = async (url, events, signal) => {
  signal.throwIfAborted()
  const socket = connect({ ...targetOf(url, DEFAULT_PORT), noDelay: true })
  await opened(socket, 'connect', signal)
  return new TcpConnection(socket, events)
}

/** The same over TLS, 1.2 at least; the gateway's certificate must be good for the address's host, or for `servername`. */
export const openTls =
  (credentials: TlsCredentials = {}): OpenConnection =>
  async (url, events, signal) => {
    signal.throwIfAborted()
    const socket = connectTls({ ...targetOf(url, DEFAULT_TLS_PORT), ...nodeCredentials(credentials), minVersion: 'TLSv1.2' })
    socket.setNoDelay(true)
    await opened(socket, 'secureConnect', signal)
    return new TcpConnection(socket, events)
  }

const targetOf = (url: URL, defaultPort: number): { host: string; port: number } => ({
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port) || defaultPort,
})

async function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const settle = (error?: Error) => {
      signal.removeEventListener('abort', abort)
      socket.off('error', settle)
      socket.off(event, settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    socket.on('error', settle)
    socket.on(event, settle)
  })
}

class TcpConnection implements Connection {
  readonly #socket: Socket
  #batch: Uint8Array[] = []

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket
    let error: unknown
    socket.on('data', chunk => events.data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)))
    socket.on('error', cause => {
      error = cause
    })
    socket.on('close', () => events.end({ error }))
  }

  write(frame: Uint8Array): void {
    this.#batch.push(frame)
    // setImmediate and not a microtask: it gathers what all continuations of this turn send.
    if (this.#batch.length === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    if (this.#socket.writable) this.#socket.write(batch.length === 1 ? batch[0] : Buffer.concat(batch))
  }

  close(): void {
    this.#flush()
    this.#socket.end()
    // A peer that doesn't end its side must not keep this one open.
    this.#socket.setTimeout(CLOSE_TIMEOUT_MS, () => this.#socket.destroy())
  }

  destroy(): void {
    this.#batch = []
    this.#socket.destroy()
  }
}

const CLOSE_TIMEOUT_MS = 1_000
