import { connect, type Socket } from 'node:net'
import { QUERY_TIMEOUT_MS } from './limits.ts'

/** Of a query and of its answer: its number, u32. */
export const QUERY_SIZE = 4
const NUMBERS = 2 ** 32

type Settle = (error?: Error) => void

/** A connection to the stand-in for a database: queries are numbered, so that many may wait at a time, as many as places. */
export class Database implements Disposable {
  readonly #socket: Socket
  readonly #waiting = new Map<number, Settle>()
  #last = 0
  #rest: Buffer = Buffer.alloc(0)
  #error: Error | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setTimeout(QUERY_TIMEOUT_MS, () => {
      if (this.#waiting.size > 0) this.#socket.destroy(new Error(`the database answered nothing for ${QUERY_TIMEOUT_MS} ms`))
    })
    this.#socket.on('data', chunk => this.#read(chunk))
    this.#socket.on('error', error => this.#end(error))
    this.#socket.on('close', () => this.#end(new Error('the connection to the database has ended')))
  }

  /** Resolves when it is answered; rejects where the connection ends first, or says nothing for QUERY_TIMEOUT_MS. */
  query(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    this.#last = (this.#last + 1) % NUMBERS
    const bytes = Buffer.allocUnsafe(QUERY_SIZE)
    bytes.writeUInt32BE(this.#last)
    this.#socket.write(bytes)
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#last, error => (error === undefined ? resolve() : reject(error)))
    })
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (; bytes.length - at >= QUERY_SIZE; at += QUERY_SIZE) {
      const number = bytes.readUInt32BE(at)
      this.#waiting.get(number)?.()
      this.#waiting.delete(number)
    }
    this.#rest = bytes.subarray(at)
  }

  #end(error: Error): void {
    this.#error ??= error
    for (const settle of this.#waiting.values()) settle(this.#error)
    this.#waiting.clear()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
