import { encodeJsonText, FrameType, frameSeq, frameType } from '@causeway/protocol'
import type { WebSocket } from 'ws'
import { readDelivery } from './delivery-frame.ts'
import { LINGER_MS } from './limits.ts'
import type { Transport } from './transport.ts'

/** Longest reason of a close frame, bytes (RFC 6455, section 5.5). */
const MAX_REASON = 123

/** The frame that was last made a text: a channel's message is the same one for all of its subscribers. */
let last: { frame: Uint8Array; text: string } | undefined

function jsonText(frame: Uint8Array): string {
  if (last?.frame === frame) return last.text
  const text = encodeJsonText(readDelivery(frame))
  if (frameType(frame) === FrameType.PUSH && frameSeq(frame) === 0) last = { frame, text }
  return text
}

/** A WebSocket as a transport: `causeway.v2` joins the frames of a turn into one binary message, `causeway.json` sends each as a text. */
export class WebSocketTransport implements Transport {
  readonly kind = 'websocket'
  readonly remote: string
  readonly #socket: WebSocket
  readonly #json: boolean
  #queued: Uint8Array[] = []
  #ended = false
  /** Called once all is written; undefined while nobody waits. */
  #drained: (() => void)[] | undefined

  constructor(socket: WebSocket, remote: string, json: boolean) {
    this.#socket = socket
    this.remote = remote
    this.#json = json
  }

  get waitingBytes(): number {
    return this.#socket.bufferedAmount
  }

  queue(bytes: Uint8Array): void {
    this.#queued.push(bytes)
  }

  flush(): void {
    const queued = this.#queued
    if (queued.length === 0 || this.#ended) return
    this.#queued = []
    if (this.#json) for (const frame of queued) this.#socket.send(jsonText(frame), this.#sent)
    else this.#socket.send(queued.length === 1 ? queued[0] : Buffer.concat(queued), this.#sent)
  }

  readonly #sent = (): void => {
    const drained = this.#drained
    if (drained === undefined || this.#socket.bufferedAmount > 0) return
    this.#drained = undefined
    for (const callback of drained) callback()
  }

  pauseReading(): void {
    this.#socket.pause()
  }

  resumeReading(): void {
    this.#socket.resume()
  }

  onceDrained(callback: () => void): void {
    if (this.#socket.bufferedAmount === 0) setImmediate(callback)
    else if (this.#drained === undefined) this.#drained = [callback]
    else this.#drained.push(callback)
  }

  end(code: number, reason: string): void {
    if (this.#ended) return
    this.flush()
    this.#ended = true
    this.#socket.resume()
    this.#socket.close(
      code,
      Buffer.from(reason)
        .subarray(0, MAX_REASON)
        .toString('utf8')
        .replace(/\uFFFD+$/, ''),
    )
    setTimeout(() => this.#socket.terminate(), LINGER_MS).unref()
  }

  destroy(): void {
    this.#ended = true
    this.#socket.terminate()
  }
}
