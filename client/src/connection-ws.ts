/** `ws://` and `wss://`, over the WebSocket that browsers and Node have; subprotocol `causeway.v2`. docs/protocol.md, section 7. */
import type { Connection, ConnectionEvents, OpenConnection } from './connection.ts'
import { joinFrames } from './connection.ts'
import { MESSAGE_BYTES } from './limits.ts'

const SUBPROTOCOL = 'causeway.v2'
const DEFAULT_PATH = '/ws'

/** Makes a WebSocket that begins to connect. */
export type MakeWebSocket = (url: URL, subprotocols: string[]) => WebSocket

/** Opens a WebSocket; the path is `/ws` where the address has none. See `OpenConnection`. */
export const openWebSocket: OpenConnection = (url, events, signal) =>
  openWith((address, subprotocols) => new WebSocket(address, subprotocols), url, events, signal)

export async function openWith(make: MakeWebSocket, url: URL, events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const address = new URL(url)
  if (address.pathname === '/') address.pathname = DEFAULT_PATH
  const socket = make(address, [SUBPROTOCOL])
  socket.binaryType = 'arraybuffer'
  await new Promise<void>((resolve, reject) => {
    const abort = () => socket.close()
    signal.addEventListener('abort', abort, { once: true })
    socket.onopen = () => {
      signal.removeEventListener('abort', abort)
      resolve()
    }
    // A browser's error event says nothing, Node's do; the close event that always follows has the code.
    let cause: unknown
    socket.onerror = event => {
      cause = (event as { error?: unknown }).error
    }
    socket.onclose = ({ code, reason }) => {
      signal.removeEventListener('abort', abort)
      const why = cause instanceof Error ? cause.message : `${code} ${reason}`.trimEnd()
      reject(signal.aborted ? signal.reason : new Error(`WebSocket closed before it opened: ${why}`, { cause }))
    }
  })
  return new WebSocketConnection(socket, events)
}

class WebSocketConnection implements Connection {
  readonly #socket: WebSocket
  #batch: Uint8Array[] = []

  constructor(socket: WebSocket, events: ConnectionEvents) {
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) events.data(new Uint8Array(data))
      else socket.close(UNSUPPORTED_DATA, 'expected binary messages')
    }
    socket.onclose = ({ code }) => events.end({ code })
  }

  write(frame: Uint8Array): void {
    this.#batch.push(frame)
    if (this.#batch.length === 1) afterThisTurn(this.#flush)
  }

  readonly #flush = (): void => {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    if (this.#socket.readyState !== OPEN) return
    for (const frames of messagesOf(batch)) this.#socket.send(joinFrames(frames))
  }

  close(): void {
    this.#flush()
    this.#socket.close(NORMAL)
  }

  destroy(): void {
    this.#batch = []
    this.#socket.close(NORMAL)
  }
}

/** The frames of a turn in messages of at most `MESSAGE_BYTES`; a larger frame goes alone. */
export function* messagesOf(frames: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let message: Uint8Array[] = []
  let bytes = 0
  for (const frame of frames) {
    if (message.length > 0 && bytes + frame.length > MESSAGE_BYTES) {
      yield message
      message = []
      bytes = 0
    }
    message.push(frame)
    bytes += frame.length
  }
  if (message.length > 0) yield message
}

/** readyState of a WebSocket that is open, of whatever make. */
const OPEN = 1
/** RFC 6455, section 7.4.1. */
const NORMAL = 1_000
/** A code that a client may send for what RFC 6455 calls 1003, which is kept from scripts. */
const UNSUPPORTED_DATA = 4_500

/** Node's own macrotask where there is one; a browser's are throttled, so there the end of the microtasks must do. */
const afterThisTurn: (flush: () => void) => void = typeof setImmediate === 'function' ? setImmediate : queueMicrotask
