import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { CLOSE_MS, FRAME_MS } from './limits.ts'

/** The socket takes more again; stays open where it ends before, which is waited for beside this: to be cut off is no error of who writes too much. */
export const drained = (socket: Socket): Promise<void> => new Promise(resolve => socket.once('drain', () => resolve()))

/** A socket for bytes in hex, spaces ignored: what a foreign device writes and reads. */
export class RawSocket {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #changed = Promise.withResolvers<void>()
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  static async connect(port: number): Promise<RawSocket> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawSocket(socket)
  }

  /** On a socket of another kind. */
  static over(socket: Socket): RawSocket {
    return new RawSocket(socket)
  }

  #wake(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers<void>()
    resolve()
  }

  write(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
  }

  /** The next `size` bytes. */
  async take(size: number, timeoutMs = FRAME_MS): Promise<Buffer> {
    await this.#until(() => this.#received.length >= size || this.#ended, `${size} bytes`, timeoutMs)
    if (this.#received.length < size)
      throw new Error(`the connection ended after ${this.#received.length} of ${size} bytes: ${this.#received.toString('hex')}`)
    const bytes = this.#received.subarray(0, size)
    this.#received = this.#received.subarray(size)
    return bytes
  }

  async hex(size: number): Promise<string> {
    return (await this.take(size)).toString('hex')
  }

  /** What comes until the server ends the connection. */
  async rest(timeoutMs = CLOSE_MS): Promise<Buffer> {
    await this.#until(() => this.#ended, 'the end of the connection', timeoutMs)
    return this.#received
  }

  async #until(holds: () => boolean, what: string, timeoutMs: number): Promise<void> {
    const late = AbortSignal.timeout(timeoutMs)
    const expired = once(late, 'abort')
    while (!holds()) {
      if (late.aborted) throw new Error(`waited ${timeoutMs} ms for ${what} in vain; came: ${this.#received.toString('hex')}`)
      await Promise.race([this.#changed.promise, expired])
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}
