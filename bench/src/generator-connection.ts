import { connect, type Socket } from 'node:net'
import { Codec, decodeError, decodeSynAck, encodeFrame, encodeSyn, FrameType, HEADER_SIZE } from '@causeway/protocol'
import type { Carrier } from './carrier.ts'
import type { LoadConnection, LoadOptions, OwnOptions } from './generate.ts'
import { MAX_DEPTH } from './limits.ts'

export interface ConnectionOptions extends Omit<LoadOptions, 'own'>, OwnOptions {
  /** Opcode of a route that echoes. */
  opcode: number
  /** Default: the frames go over the bare socket. */
  carrier?: Carrier
  /** Told of each answer: when its request was written, by performance.now(), and how long it took, ms. */
  passed?: (session: string, msgId: number, sentAt: number, tookMs: number) => void
}

/** Outstanding numbers never lie further apart than this. */
const SLOTS = MAX_DEPTH * 4

/**
 * A session in raw version-2 frames: always `depth` requests outstanding, each read's new ones in one write, acknowledged in their headers; or
 * requests at a pace of its own, so that an answer that is late holds back no request and hides no other late one.
 */
export class GeneratorConnection implements LoadConnection {
  readonly #options: ConnectionOptions
  readonly #template: Buffer
  readonly #sentAt = new Float64Array(SLOTS)
  readonly #opened = Promise.withResolvers<void>()
  readonly #socket: Socket
  #rest: Buffer | undefined
  #lastId = 0
  #lastSeq = 0
  #session = ''
  #closing = false
  #pace: NodeJS.Timeout | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { size, opcode, port, from, head = [] } = options
    const payload = new Uint8Array(size).fill(0x61)
    payload.set(head)
    this.#template = Buffer.from(encodeFrame({ type: FrameType.REQUEST, codec: Codec.BYTES, opcode, msgId: 1, payload }))
    this.#socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
    const { carrier } = options
    this.#socket.on('connect', () => {
      if (carrier === undefined) this.#greet()
      else this.#socket.write(carrier.handshake)
    })
    this.#socket.on('data', chunk => (carrier === undefined ? this.#read(chunk) : this.#unwrap(carrier, chunk)))
    this.#socket.on('error', error => this.#opened.reject(error))
    this.#socket.on('close', () => {
      if (!this.#closing) this.#options.observer.failed('LOST')
      this.#opened.reject(new Error('the gateway closed a connection before its handshake had ended'))
    })
  }

  /** Resolves once the handshake has ended. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  start(): void {
    const { depth, everyMs } = this.#options
    if (everyMs === undefined) {
      if (depth > 0) this.#request(depth)
    } else setTimeout(() => this.#keepPace(everyMs), Math.random() * everyMs)
  }

  #keepPace(everyMs: number): void {
    if (this.#closing) return
    this.#pace = setInterval(() => this.#request(1), everyMs)
    this.#request(1)
  }

  close(): void {
    this.#closing = true
    clearInterval(this.#pace)
    this.#write(encodeFrame({ type: FrameType.CLOSE, codec: Codec.JSON, payload: '{"code":"GOING_AWAY","number":4000}' }))
    this.#socket.end()
  }

  #greet(): void {
    this.#write(encodeSyn({ client: { name: 'causeway-bench', version: '1' } }))
  }

  #write(frames: Uint8Array): void {
    const { carrier } = this.#options
    this.#socket.write(carrier === undefined ? frames : carrier.wrap(Buffer.from(frames.buffer, frames.byteOffset, frames.length)))
  }

  #unwrap(carrier: Carrier, chunk: Buffer): void {
    const wasOpen = carrier.isOpen
    try {
      this.#read(carrier.unwrap(chunk))
    } catch (error) {
      this.#opened.reject(error)
      this.#socket.destroy()
      return
    }
    if (!wasOpen && carrier.isOpen) this.#greet()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let answers = 0
    while (bytes.length - at >= HEADER_SIZE) {
      const end = at + HEADER_SIZE + bytes.readUInt32BE(at + 16)
      if (end > bytes.length) break
      if (this.#frame(bytes, at, end)) answers++
      at = end
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
    if (answers > 0 && !this.#closing && this.#options.everyMs === undefined) this.#request(answers)
  }

  /** Whether it was a message's answer, good or bad, so that another request may follow. */
  #frame(bytes: Buffer, at: number, end: number): boolean {
    const type = bytes[at + 3]
    if (type === FrameType.RESPONSE) {
      this.#answer(bytes, at, end)
      return true
    }
    if (type === FrameType.ERROR && bytes.readUInt32BE(at + 12) > 0) {
      this.#lastSeq = bytes.readUInt32BE(at + 12)
      this.#options.observer.failed(decodeError(bytes.subarray(at + HEADER_SIZE, end)).code)
      return true
    }
    if (type === FrameType.SYN_ACK) {
      if (this.#options.passed !== undefined) this.#session = decodeSynAck(bytes.subarray(at + HEADER_SIZE, end)).session
      this.#write(encodeFrame({ type: FrameType.ACK }))
      this.#opened.resolve()
    } else if (type === FrameType.PING) {
      this.#write(encodeFrame({ type: FrameType.PONG, payload: bytes.subarray(at + HEADER_SIZE, end) }))
      if (this.#options.heartbeats) this.#options.observer.answered(0)
    } else if (type === FrameType.ERROR || type === FrameType.CLOSE) {
      this.#options.observer.failed(decodeError(bytes.subarray(at + HEADER_SIZE, end)).code)
    }
    return false
  }

  #answer(bytes: Buffer, at: number, end: number): void {
    const { observer, size, passed } = this.#options
    const msgId = bytes.readUInt32BE(at + 8)
    const seq = bytes.readUInt32BE(at + 12)
    if (seq !== this.#lastSeq + 1) observer.gap()
    if (end - at - HEADER_SIZE !== size) observer.wrongLength()
    this.#lastSeq = seq
    const sentAt = this.#sentAt[msgId % SLOTS]
    const tookMs = performance.now() - sentAt
    observer.answered(tookMs)
    passed?.(this.#session, msgId, sentAt, tookMs)
  }

  /** So many requests, in one write unless each has its own. */
  #request(count: number): void {
    const { length } = this.#template
    const out = Buffer.allocUnsafe(count * length)
    const now = performance.now()
    for (let at = 0; at < out.length; at += length) {
      this.#template.copy(out, at)
      out.writeUInt32BE(++this.#lastId, at + 8)
      out.writeUInt32BE(this.#lastSeq, at + 12)
      this.#sentAt[this.#lastId % SLOTS] = now
    }
    if (this.#options.writesEach) for (let at = 0; at < out.length; at += length) this.#write(out.subarray(at, at + length))
    else this.#write(out)
  }
}
