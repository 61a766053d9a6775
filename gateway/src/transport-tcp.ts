import type { Socket } from 'node:net'
import { JOINED_WRITE, LINGER_MS } from './limits.ts'
import type { Transport } from './transport.ts'

/** A TCP (or TLS) socket as a transport: one write a turn. */
export class TcpTransport implements Transport {
  readonly kind = 'tcp'
  readonly remote: string
  readonly #socket: Socket
  #queued: Uint8Array[] = []
  #ended = false

  constructor(socket: Socket, remote: string) {
    this.#socket = socket
    this.remote = remote
  }

  get waitingBytes(): number {
    return this.#socket.writableLength
  }

  queue(bytes: Uint8Array): void {
    this.#queued.push(bytes)
  }

  flush(): void {
    const queued = this.#queued
    if (queued.length === 0 || this.#ended) return
    this.#queued = []
    if (queued.length === 1) this.#socket.write(queued[0])
    else if (sizeOf(queued) <= JOINED_WRITE) this.#socket.write(Buffer.concat(queued))
    else {
      this.#socket.cork()
      for (const bytes of queued) this.#socket.write(bytes)
      this.#socket.uncork()
    }
  }

  pauseReading(): void {
    this.#socket.pause()
  }

  resumeReading(): void {
    this.#socket.resume()
  }

  onceDrained(callback: () => void): void {
    if (this.#socket.writableLength === 0) setImmediate(callback)
    else this.#socket.once('drain', callback)
  }

  /** Unread bytes at a close would make a reset of it, which may overtake the last frame: so the socket is read on until the peer ends. */
  end(): void {
    if (this.#ended) return
    this.flush()
    this.#ended = true
    this.#socket.removeAllListeners('data')
    this.#socket.on('data', () => {})
    this.#socket.resume()
    this.#socket.end()
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref()
  }

  destroy(): void {
    this.#ended = true
    this.#socket.destroy()
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0
  for (const piece of pieces) size += piece.length
  return size
}
