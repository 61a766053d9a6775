import { decodeClose, decodeError, decodeSynAck, encodeFrame, encodeSyn, Flag, type Frame, FrameType } from '@causeway/protocol'
import { ClientSession } from './client-session.ts'
import { micros } from './clock.ts'
import type { Wish } from './handlers.ts'
import type { ClientEvent, MessageKind } from './history.ts'
import { ACK_MS, RECONNECT_MAX_MS, RECONNECT_MIN_MS, REFUSED_PAUSE_MS } from './limits.ts'
import type { Random } from './random.ts'
import { WireConnection } from './wire-connection.ts'

export interface SessionClientOptions {
  name: string
  /** Ports that gateways may be at; asked in turn. */
  ports: () => readonly number[]
  random: Random
  /** Everything the client sends and sees. */
  record: (event: ClientEvent) => void
}

/** A client that keeps its session whatever happens to connections and gateways, and says what it sees. */
export class SessionClient {
  readonly #options: SessionClientOptions
  readonly session = new ClientSession()
  #connection: WireConnection | undefined
  #open = false
  /** A GOAWAY has come: nothing new goes here. */
  #leaving = false
  #attempts: number
  /** Monotonic ms since when there is no connection. */
  #downSince: number | undefined
  #ackTimer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #closed = false
  /** Monotonic ms until which a refused client sends nothing. */
  #pausedUntil = 0
  /** Monotonic ms of the last delivery. */
  heardAt = performance.now()

  constructor(options: SessionClientOptions) {
    this.#options = options
    this.#attempts = options.random.index(100)
    this.#connect()
  }

  /** Whether a message may be sent now. */
  get ready(): boolean {
    return this.#open && !this.#leaving && performance.now() >= this.#pausedUntil
  }

  send(kind: MessageKind, wish: Wish): void {
    const { msgId, frame } = this.session.message(kind, wish, Date.now())
    this.#record({ type: 'sent', at: micros(), session: this.session.id!, msgId, kind, n: wish.n, again: false })
    this.#connection!.send(frame)
  }

  /** Gives up what a told loss left without an answer. */
  giveUpUnsure(): void {
    for (const { msgId, unsure } of this.session.unsettled.values()) if (unsure) this.#giveUp(this.session.id!, msgId)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#ackTimer)
    clearTimeout(this.#retryTimer)
    this.#connection?.drop()
  }

  #record(event: ClientEvent): void {
    this.#options.record(event)
  }

  #giveUp(session: string, msgId: number): void {
    this.session.unsettled.delete(msgId)
    this.#record({ type: 'givenUp', at: micros(), session, msgId })
  }

  #connect(): void {
    const ports = this.#options.ports()
    this.#connection = new WireConnection(ports[this.#attempts++ % ports.length], {
      connected: () => this.#connection!.send(encodeSyn(this.session.syn(Date.now()))),
      frame: frame => this.#frame(frame),
      lost: () => this.#lost('LOST', 0),
    })
  }

  #lost(code: string, number: number): void {
    this.#connection?.drop()
    if (this.#open) {
      this.#record({ type: 'closed', at: micros(), session: this.session.id!, code, number })
      this.#downSince = performance.now()
    }
    this.#open = false
    this.#leaving = false
    if (this.#closed) return
    const waitMs = this.#options.random.between(RECONNECT_MIN_MS, RECONNECT_MAX_MS)
    this.#retryTimer = setTimeout(() => this.#connect(), waitMs)
  }

  #frame(frame: Frame): void {
    if (frame.type === FrameType.SYN_ACK) this.#welcome(frame)
    else if (frame.type === FrameType.ACK) this.#stored(frame.msgId)
    else if (frame.type === FrameType.RESPONSE || frame.type === FrameType.PUSH) this.#delivered(frame)
    else if (frame.type === FrameType.ERROR) this.#error(frame)
    else if (frame.type === FrameType.GOAWAY) this.#leave()
    else if (frame.type === FrameType.CLOSE) {
      const { code, number } = decodeClose(frame.payload)
      this.#lost(code, number)
    }
  }

  #welcome(frame: Frame): void {
    const synAck = decodeSynAck(frame.payload)
    const { session, resumed, recovered } = synAck
    const { id: asked, lastSeq } = this.session
    const { again, givenUp } = this.session.welcome(synAck)
    const downMs = this.#downSince === undefined ? undefined : performance.now() - this.#downSince
    this.#record({ type: 'connected', at: micros(), session, client: this.#options.name, asked, resumed, recovered, lastSeq, downMs })
    for (const { msgId } of givenUp) this.#record({ type: 'givenUp', at: micros(), session: asked!, msgId })
    if (resumed) this.#record({ type: 'stored', at: micros(), session, msgId: synAck.lastMsgId })
    this.#connection!.opened = true
    this.#open = true
    this.#connection!.send(encodeFrame({ type: FrameType.ACK, seq: this.session.lastSeq }))
    for (const { msgId, kind, n, frame } of again) {
      this.#record({ type: 'sent', at: micros(), session, msgId, kind, n, again: true })
      this.#connection!.send(frame)
    }
  }

  #stored(msgId: number): void {
    this.#record({ type: 'stored', at: micros(), session: this.session.id!, msgId })
    this.session.markStored(msgId)
    this.#leaveWhenDone()
  }

  #delivered({ type, flags, msgId, seq, payload }: Frame): void {
    const { n, chunk } = JSON.parse(Buffer.from(payload).toString('utf8') || '{}') as { n?: number; chunk?: number }
    const kind = type === FrameType.PUSH ? 'push' : (flags & Flag.MORE) !== 0 ? 'chunk' : 'answer'
    const redelivered = (flags & Flag.REDELIVERED) !== 0
    this.#record({ type: 'delivered', at: micros(), session: this.session.id!, seq, msgId, kind, n: n ?? -1, chunk, redelivered })
    if (kind === 'answer') this.session.unsettled.delete(msgId)
    this.#taken(seq)
  }

  #error({ flags, msgId, seq, payload }: Frame): void {
    const { code, retryAfterMs } = decodeError(payload)
    // about the connection: CLOSE follows and says the same
    if (msgId === 0 || !this.#open) return
    const session = this.session.id!
    this.session.unsettled.delete(msgId)
    if (seq === 0) {
      this.#record({ type: 'refused', at: micros(), session, msgId, code })
      this.#pausedUntil = performance.now() + (retryAfterMs ?? REFUSED_PAUSE_MS)
      this.#leaveWhenDone()
      return
    }
    const redelivered = (flags & Flag.REDELIVERED) !== 0
    this.#record({ type: 'delivered', at: micros(), session, seq, msgId, kind: 'error', n: -1, code, redelivered })
    this.#taken(seq)
  }

  #taken(seq: number): void {
    this.heardAt = performance.now()
    if (seq > this.session.lastSeq) this.session.lastSeq = seq
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = undefined
      if (this.#open) this.#connection!.send(encodeFrame({ type: FrameType.ACK, seq: this.session.lastSeq }))
    }, ACK_MS)
    this.#leaveWhenDone()
  }

  #leave(): void {
    this.#leaving = true
    this.#leaveWhenDone()
  }

  /** After a GOAWAY: what is in flight is finished here, then the session moves. */
  #leaveWhenDone(): void {
    if (this.#leaving && this.session.unsettled.size === 0) this.#lost('LEFT', 0)
  }
}
