import { connect, type Socket } from 'node:net'
import { encodeFrame, type Frame, FrameDecoder, FrameType } from '@causeway/protocol'
import { HANDSHAKE_MS, KEEP_ALIVE_MS } from './limits.ts'

export interface WireHandlers {
  connected(): void
  frame(frame: Frame): void
  /** It has ended, by whomever; told once, and not where `drop` ended it. */
  lost(): void
}

/** A TCP connection of version-2 frames. It answers PING, and gives up a peer that says nothing, as docs/protocol.md, section 4, has it. */
export class WireConnection {
  readonly #socket: Socket
  readonly #handlers: WireHandlers
  readonly #decoder = new FrameDecoder()
  readonly #timer: NodeJS.Timeout
  #heardAt = performance.now()
  #over = false
  /** A SYN_ACK has come: until then silence is judged by the handshake's time. */
  opened = false

  constructor(port: number, handlers: WireHandlers) {
    this.#handlers = handlers
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('connect', () => handlers.connected())
    this.#socket.on('data', chunk => this.#read(chunk))
    // 'close' follows and says enough
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => this.#end())
    this.#timer = setInterval(() => this.#watch(), KEEP_ALIVE_MS / 3)
  }

  send(frame: Uint8Array): void {
    this.#socket.write(frame)
  }

  /** Ends it without a word, and hears nothing of it any more. */
  drop(): void {
    this.#over = true
    clearInterval(this.#timer)
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#heardAt = performance.now()
    const frames: Frame[] = []
    const failure = this.#decoder.push(chunk, frames)
    for (const frame of frames) {
      if (this.#over) return
      if (frame.type === FrameType.PING) this.send(encodeFrame({ type: FrameType.PONG, payload: frame.payload }))
      else this.#handlers.frame(frame)
    }
    if (failure !== undefined) throw new Error(`a gateway sent bytes that are no frames: ${failure.message}`, { cause: failure })
  }

  #watch(): void {
    const silentMs = performance.now() - this.#heardAt
    if (silentMs > (this.opened ? KEEP_ALIVE_MS * 3 : HANDSHAKE_MS)) this.#socket.destroy()
    else if (this.opened && silentMs > KEEP_ALIVE_MS) this.send(encodeFrame({ type: FrameType.PING }))
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    clearInterval(this.#timer)
    this.#handlers.lost()
  }
}
