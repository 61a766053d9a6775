/** `tcp://host:port`. Loaded only when such an address is used, so that a browser's bundle goes without it. */
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Connection, ConnectionEvents } from './connection.ts'

/** The port of a gateway's TCP listener. */
const DEFAULT_PORT = 7400

/** Opens a TCP connection; see `OpenConnection`. */
export async function openTcp(url: URL, events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || DEFAULT_PORT, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const settle = (error?: Error) => {
      signal.removeEventListener('abort', abort)
      socket.off('error', settle)
      socket.off('connect', settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    socket.on('error', settle)
    socket.on('connect', settle)
  })
  return new TcpConnection(socket, events)
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
