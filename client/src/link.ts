/** The conversation over one connection: handshake, keep-alive, acknowledgements, close. It ends once, with the reason. docs/protocol.md, sections 4 and 5. */
import type { Close, Frame, SynAck } from '@causeway/protocol'
import {
  ACK_DELAY_MS,
  decodeClose,
  decodeError,
  decodeSynAck,
  encodeClose,
  encodeFrame,
  errorByNumber,
  FrameDecoder,
  FrameType,
  HANDSHAKE_TIMEOUT_MS,
  KEEP_ALIVE_LIMIT,
  ProtocolError,
  patchSeq,
  problem,
} from '@causeway/protocol'
import type { Connection, OpenConnection } from './connection.ts'
import { CausewayError, failure } from './errors.ts'
import { ACK_AFTER_DELIVERIES } from './limits.ts'

/** What a link tells its client. */
export interface LinkEvents {
  /** The server's answer to SYN; the third step has been sent. */
  welcome(synAck: SynAck): void
  /** Any frame but those of handshake, keep-alive and close. */
  frame(frame: Frame): void
  /** The highest delivery the application has taken. */
  taken(): number
}

/** Why a link ended; `code` is 0 where the connection just broke. */
export interface LinkEnd {
  code: number
  error: CausewayError
}

type Timer = ReturnType<typeof setTimeout>

/** Frames of a server are as large as its workers make them; the client has no reason to refuse what fits its memory. */
const MAX_PAYLOAD = 64 << 20

/** One connection to a gateway. */
export class Link {
  readonly ended: Promise<LinkEnd>
  readonly #events: LinkEvents
  readonly #decoder = new FrameDecoder({ maxPayload: MAX_PAYLOAD })
  #connection!: Connection
  #resolveEnd!: (end: LinkEnd) => void
  #over = false
  #welcomed = false
  #heard = 0
  #unacknowledged = 0
  /** The last ERROR about the connection itself. */
  #complaint: CausewayError | undefined
  #ackTimer: Timer | undefined
  #handshakeTimer: Timer | undefined
  #keepAliveTimer: Timer | undefined

  private constructor(events: LinkEvents) {
    this.#events = events
    this.ended = new Promise(resolve => {
      this.#resolveEnd = resolve
    })
  }

  /** Opens a connection; rejects where that fails or `signal` aborts first. */
  static async open(open: OpenConnection, url: URL, events: LinkEvents, signal: AbortSignal): Promise<Link> {
    const link = new Link(events)
    const data = (chunk: Uint8Array) => link.#receive(chunk)
    const end = ({ code = 0, error }: { code?: number; error?: unknown }) => link.#broke(code, error)
    link.#connection = await open(url, { data, end }, signal)
    return link
  }

  /** Sends the SYN; SYN_ACK must follow within the handshake time. */
  start(syn: Uint8Array): void {
    this.#connection.write(syn)
    this.#handshakeTimer = setTimeout(() => {
      this.#fail(failure('HANDSHAKE_EXPECTED', `no SYN_ACK came within ${HANDSHAKE_TIMEOUT_MS} ms`), 0)
    }, HANDSHAKE_TIMEOUT_MS)
  }

  /** Sends a message, and with it the acknowledgement of all deliveries taken. */
  send(frame: Uint8Array): void {
    patchSeq(frame, this.#events.taken())
    this.#unacknowledged = 0
    this.#connection.write(frame)
  }

  /** A delivery has been taken: acknowledged with the next message, or alone after a while. */
  acknowledge(): void {
    this.#unacknowledged++
    if (this.#unacknowledged >= ACK_AFTER_DELIVERIES) this.#sendAck()
    else this.#ackTimer ??= setTimeout(this.#ackLate, ACK_DELAY_MS)
  }

  readonly #ackLate = (): void => {
    this.#ackTimer = undefined
    if (this.#unacknowledged > 0) this.#sendAck()
  }

  #sendAck(): void {
    this.send(encodeFrame({ type: FrameType.ACK }))
  }

  /** Ends in good order: what was written and taken is sent, then CLOSE. */
  close(detail: string): void {
    if (this.#over) return
    if (this.#welcomed && this.#unacknowledged > 0) this.#sendAck()
    const goodbye = problem('GOING_AWAY', { detail })
    this.#connection.write(encodeClose(goodbye))
    this.#connection.close()
    this.#end({ code: goodbye.number, error: new CausewayError(goodbye) })
  }

  #receive(chunk: Uint8Array): void {
    if (this.#over) return
    this.#heard = Date.now()
    const frames: Frame[] = []
    const error = this.#decoder.push(chunk, frames)
    try {
      for (const frame of frames) {
        this.#handle(frame)
        if (this.#over) return
      }
      if (error !== undefined) throw error
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause
      this.#connection.write(encodeClose(cause.problem()))
      this.#fail(new CausewayError(cause.problem(), { cause }), cause.problem().number)
    }
  }

  #handle(frame: Frame): void {
    switch (frame.type) {
      case FrameType.PING:
        this.#connection.write(encodeFrame({ type: FrameType.PONG, codec: frame.codec, payload: frame.payload }))
        return
      case FrameType.PONG:
        return
      case FrameType.SYN_ACK:
        this.#welcome(decodeSynAck(frame.payload))
        return
      case FrameType.CLOSE:
        this.#closed(decodeClose(frame.payload))
        return
      default:
        if (frame.type === FrameType.ERROR && frame.msgId === 0) this.#complaint = new CausewayError(decodeError(frame.payload))
        else if (this.#welcomed) this.#events.frame(frame)
        else throw new ProtocolError('HANDSHAKE_EXPECTED', `type 0x${frame.type.toString(16)} came before SYN_ACK`)
    }
  }

  #welcome(synAck: SynAck): void {
    if (this.#welcomed) throw new ProtocolError('BAD_FRAME', 'SYN_ACK came twice, expected once')
    clearTimeout(this.#handshakeTimer)
    this.#welcomed = true
    this.#watch(synAck.keepAliveMs)
    this.#sendAck()
    this.#events.welcome(synAck)
  }

  /** Keep-alive, docs/protocol.md, section 4; 0 means none. */
  #watch(keepAliveMs: number): void {
    if (keepAliveMs === 0) return
    this.#keepAliveTimer = setInterval(() => {
      const silent = Date.now() - this.#heard
      if (silent >= keepAliveMs * KEEP_ALIVE_LIMIT) this.#fail(failure('IDLE', `nothing was heard for ${silent} ms`), 0)
      else if (silent >= keepAliveMs) this.#connection.write(encodeFrame({ type: FrameType.PING }))
    }, keepAliveMs / KEEP_ALIVE_LIMIT)
  }

  /** The connection ended without CLOSE: an ERROR about it, sent just before, says why. */
  #broke(code: number, cause: unknown): void {
    if (this.#complaint !== undefined) this.#end({ code: this.#complaint.number, error: this.#complaint })
    else {
      const name = errorByNumber(code) ?? 'GOING_AWAY'
      this.#end({ code, error: failure(name, code === 0 ? 'the connection broke' : `the connection was closed with ${code}`, cause) })
    }
  }

  #closed(close: Close): void {
    this.#connection.close()
    this.#end({ code: close.number, error: new CausewayError({ ...close, detail: close.detail ?? close.reason }) })
  }

  #fail(error: CausewayError, code: number): void {
    if (code === 0) this.#connection.destroy()
    else this.#connection.close()
    this.#end({ code, error })
  }

  #end(end: LinkEnd): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#ackTimer)
    clearTimeout(this.#handshakeTimer)
    clearInterval(this.#keepAliveTimer)
    this.#resolveEnd(end)
  }
}
