import { connect, type Socket } from 'node:net'
import type { LoadConnection, LoadOptions } from './generate.ts'

/** A protocol whose answers come in the order of their requests. */
export interface PipelinedProtocol {
  /** Sent first, where there is a handshake; its answer ends with an empty line, as HTTP's. */
  handshake?: Buffer
  request: Buffer
  /** Where the answer that begins at `at` ends; -1 while it is incomplete. Throws where it is not the echo. */
  answerEnd(bytes: Buffer, at: number): number
}

const EMPTY_LINE = '\r\n\r\n'

/** `depth` requests always outstanding on a bare socket; what one read's answers make room for leaves in one write. */
export class PipelinedConnection implements LoadConnection {
  readonly #options: LoadOptions
  readonly #protocol: PipelinedProtocol
  readonly #socket: Socket
  readonly #opened = Promise.withResolvers<void>()
  /** Of the outstanding requests, as a ring. */
  readonly #sentAt: Float64Array
  #sent = 0
  #answered = 0
  #isOpen = false
  #closing = false
  #rest: Buffer | undefined

  constructor(options: LoadOptions, protocol: PipelinedProtocol) {
    this.#options = options
    this.#protocol = protocol
    this.#sentAt = new Float64Array(options.depth)
    this.#socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('connect', () => {
      if (protocol.handshake === undefined) this.#open()
      else this.#socket.write(protocol.handshake)
    })
    this.#socket.on('data', chunk => this.#read(chunk))
    this.#socket.on('error', error => this.#opened.reject(error))
    this.#socket.on('close', () => {
      if (!this.#closing) options.observer.failed('LOST')
      this.#opened.reject(new Error('the server closed a connection before its handshake had ended'))
    })
  }

  /** Resolves once requests may be sent. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  start(): void {
    this.#request(this.#options.depth)
  }

  close(): void {
    this.#closing = true
    this.#socket.end()
  }

  #open(): void {
    this.#isOpen = true
    this.#opened.resolve()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    if (!this.#isOpen) {
      this.#rest = bytes
      if (!bytes.includes(EMPTY_LINE)) return
      this.#rest = undefined
      this.#open()
      return
    }
    try {
      this.#answers(bytes)
    } catch (error) {
      this.#options.observer.failed((error as Error).message)
      this.close()
    }
  }

  #answers(bytes: Buffer): void {
    const { observer, depth } = this.#options
    const now = performance.now()
    const before = this.#answered
    let at = 0
    while (at < bytes.length) {
      const end = this.#protocol.answerEnd(bytes, at)
      if (end < 0) break
      observer.answered(now - this.#sentAt[this.#answered++ % depth])
      at = end
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
    if (this.#answered > before && !this.#closing) this.#request(this.#answered - before)
  }

  /** So many requests in one write. */
  #request(count: number): void {
    const { request } = this.#protocol
    const out = Buffer.allocUnsafe(count * request.length)
    const now = performance.now()
    for (let at = 0; at < out.length; at += request.length) {
      request.copy(out, at)
      this.#sentAt[this.#sent++ % this.#options.depth] = now
    }
    this.#socket.write(out)
  }
}

/** For a generator: opens one. */
export async function openPipelined(options: LoadOptions, protocol: PipelinedProtocol): Promise<LoadConnection> {
  const connection = new PipelinedConnection(options, protocol)
  await connection.opened
  return connection
}
