import { connect, type Socket } from 'node:net'
import { decodeError, encodeFrame, encodeSyn, FrameType, HEADER_SIZE } from '@causeway/protocol'
import type { Subscribable } from './channel-control.ts'
import { CHANNEL, CHANNEL_FRAME } from './channel-frames.ts'

export interface SubscriberHandlers {
  /** So many deliveries, in one read. */
  delivered(count: number): void
  wrongLength(): void
  failed(code: string): void
}

/** One read's bytes of any subscriber: they are counted before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 << 10)
/** Where a frame's type and length stand. */
const TYPE_AT = 3
const LENGTH_AT = 16

/** One connection that listens to the channel and counts what comes. */
export class ChannelSubscriber {
  readonly #handlers: SubscriberHandlers
  readonly #socket: Socket
  readonly #opened = Promise.withResolvers<void>()
  #rest: Buffer | undefined
  #closing = false

  constructor({ port, isGateway }: Subscribable, handlers: SubscriberHandlers) {
    this.#handlers = handlers
    const onread = { buffer: READ_BUFFER, callback: (size: number) => this.#read(READ_BUFFER.subarray(0, size)) }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.#socket.on('connect', () => {
      if (isGateway) this.#socket.write(encodeSyn({ client: { name: 'causeway-bench', version: '1' } }))
    })
    this.#socket.on('error', error => this.#opened.reject(error))
    this.#socket.on('close', () => {
      if (!this.#closing) handlers.failed('LOST')
      this.#opened.reject(new Error('a subscriber lost its connection before it had subscribed'))
    })
  }

  /** Resolves once it is subscribed. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  close(): void {
    this.#closing = true
    this.#socket.end()
  }

  #read(chunk: Buffer): boolean {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let deliveries = 0
    while (bytes.length - at >= HEADER_SIZE) {
      const end = at + HEADER_SIZE + bytes.readUInt32BE(at + LENGTH_AT)
      if (end > bytes.length) break
      if (bytes[at + TYPE_AT] !== FrameType.PUSH) this.#control(bytes.subarray(at, end))
      else {
        deliveries++
        if (end - at !== CHANNEL_FRAME.length) this.#handlers.wrongLength()
      }
      at = end
    }
    // the buffer is the next read's
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined
    if (deliveries > 0) this.#handlers.delivered(deliveries)
    return true
  }

  #control(frame: Buffer): void {
    const type = frame[TYPE_AT]
    if (type === FrameType.SYN_ACK) {
      this.#socket.write(encodeFrame({ type: FrameType.ACK }))
      this.#socket.write(encodeFrame({ type: FrameType.SUBSCRIBE, msgId: 1, metadata: { channel: CHANNEL } }))
    } else if (type === FrameType.RESPONSE) this.#opened.resolve()
    else if (type === FrameType.PING) this.#socket.write(encodeFrame({ type: FrameType.PONG, payload: frame.subarray(HEADER_SIZE) }))
    else if (type === FrameType.ERROR || type === FrameType.CLOSE) this.#handlers.failed(decodeError(frame.subarray(HEADER_SIZE)).code)
  }
}
