import { decodeError, decodeSynAck, encodeFrame, encodeSyn, Flag, type Frame, FrameType, type SynAck } from '@causeway/protocol'
import { ClientLink, PING_MS } from './client-link.ts'
import { type EventLoop, SimulatedProcess } from './event-loop.ts'
import { bodyOf } from './handlers.ts'
import type { History, Plan } from './history.ts'
import type { Network } from './network.ts'

/** Waits before an acknowledgement, ms. */
const ACK_MOST_MS = 60

interface Sent {
  msgId: number
  /** Unix ms. */
  sentAt: number
  plan: Plan
  stored: boolean
  /** How many connections it was sent on. */
  times: number
  /** Unix ms; Infinity where it brought no timeout. */
  deadline: number
  /** Unix ms by which the server ends it. */
  expected: number
}

const DEFAULT_TIMEOUT_MS = 60_000
/** How long a client that was told of a loss still waits for what it sent before, ms. */
const GRACE_MS = 20_000

export interface ClientOptions {
  name: string
  plans: readonly Plan[]
  /** Mean wait between messages, ms. */
  paceMs: number
  /** Chance that a request is cancelled after it was sent. */
  cancels: number
  /** Ports of the gateways that listen just now. */
  ports: () => readonly number[]
  loop: EventLoop
  network: Network
  history: History
}

/** A client of version 2 as docs/protocol.md wants it: numbers, window, acknowledgements, resume. It checks nothing; what it sees goes into the history. */
export class ModelClient {
  readonly process: SimulatedProcess
  readonly #options: ClientOptions
  readonly #link: ClientLink
  readonly #waiting: Plan[]
  readonly #sent = new Map<number, Sent>()
  #session: string | undefined
  #token = ''
  /** SYNs made for this session. */
  #attempts = 0
  #lastMsgId = 0
  #lastSeq = 0
  #acknowledged = 0
  #stored = 0
  #window = 1
  #mayMiss = false
  /** When it was told of a loss: what it sent before may never be answered. */
  #toldAt = 0
  #sending = false

  constructor(options: ClientOptions) {
    this.#options = options
    const { name, loop, network, ports } = options
    this.process = new SimulatedProcess(name)
    this.#link = new ClientLink({
      ...{ loop, network, ports, process: this.process },
      syn: () => encodeSyn(this.#syn()),
      received: frame => this.#frame(frame),
      malformed: detail => this.#sawClose('BAD_FRAME', `the gateway sent bytes that are no frame: ${detail}`),
      tick: () => {
        if (this.#toldAt > 0 && loop.now > this.#toldAt + GRACE_MS) this.#giveUp()
      },
    })
    this.#waiting = [...options.plans]
  }

  get #loop(): EventLoop {
    return this.#options.loop
  }

  start(): void {
    this.#link.start()
  }

  /** Everything sent and ended, everything acknowledged. */
  get done(): boolean {
    return this.#waiting.length === 0 && this.#sent.size === 0 && this.#acknowledged === this.#lastSeq
  }

  get open(): string {
    const sent = [...this.#sent.values()].map(({ msgId, stored }) => `${msgId}${stored ? ' stored' : ''}`)
    return `${this.#options.name} (session ${this.#session}, ${this.#link.open ? 'open' : 'not open'}): to send ${this.#waiting.length}, open ${sent.join(', ') || 'none'}, taken ${this.#lastSeq}, acknowledged ${this.#acknowledged}`
  }

  // Faults.

  cut(): void {
    this.#link.end?.destroy()
  }

  /** Both ways go silent, and nobody is told. */
  halfOpen(): void {
    const { end } = this.#link
    if (end === undefined) return
    end.mute = true
    end.peer.mute = true
  }

  /** Connects again while the old connection stands. */
  takeOver(): void {
    this.#link.connect()
  }

  stopReading(forMs: number): void {
    const { end } = this.#link
    end?.pause()
    this.#after(forMs, () => end?.resume())
  }

  // Connection.

  #after(ms: number, action: () => void): void {
    this.#link.after(ms, action)
  }

  #write(bytes: Uint8Array): void {
    this.#link.write(bytes)
  }

  #syn() {
    const { now } = this.#loop
    if (this.#session === undefined) return { keepAliveMs: PING_MS }
    const waiting = [...this.#sent.values()]
      .filter(({ stored, plan }) => stored && plan.request)
      .map(({ msgId, expected }): [number, number] => [msgId, Math.max(0, Math.ceil(expected - now))])
    return {
      session: this.#session,
      resumeToken: this.#token,
      attempt: ++this.#attempts,
      lastSeq: this.#lastSeq,
      stored: this.#stored,
      waiting,
      keepAliveMs: PING_MS,
    }
  }

  /** As an application does that was told of a loss and waited. */
  #giveUp(): void {
    for (const { msgId, sentAt } of this.#sent.values()) if (sentAt < this.#toldAt) this.#settle(msgId)
  }

  // What comes.

  #frame(frame: Frame): void {
    switch (frame.type) {
      case FrameType.SYN_ACK:
        this.#welcome(decodeSynAck(frame.payload))
        return
      case FrameType.ACK:
        this.#markStored(frame.msgId)
        return
      case FrameType.RESPONSE:
      case FrameType.PUSH:
        this.#delivered(frame)
        return
      case FrameType.ERROR:
        if (frame.seq > 0) this.#delivered(frame)
        else if (frame.msgId > 0) this.#refused(frame)
        return
      case FrameType.PING:
        this.#write(encodeFrame({ type: FrameType.PONG, payload: frame.payload }))
        return
      case FrameType.CLOSE: {
        const { code, detail = '' } = decodeError(frame.payload)
        this.#sawClose(code, detail)
        this.cut()
        return
      }
    }
  }

  #sawClose(code: string, detail: string): void {
    this.#options.history.add({ what: 'closed', at: this.#loop.now, client: this.#options.name, code, detail })
  }

  #welcome(synAck: SynAck): void {
    const { history, name: client } = this.#options
    const { session, resumeToken, epoch, recovered } = synAck
    const at = this.#loop.now
    const before = this.#session
    const resumed = synAck.resumed && session === before
    if (resumed) history.add({ what: 'resumed', at, client, session, recovered, lastSeq: this.#lastSeq, epoch })
    else {
      if (before !== undefined) history.add({ what: 'lost', at, client, session: before, unanswered: [...this.#sent.keys()] })
      history.add({ what: 'opened', at, client, session })
      this.#sent.clear()
      this.#lastMsgId = this.#lastSeq = this.#acknowledged = this.#stored = this.#attempts = 0
    }
    this.#session = session
    this.#token = resumeToken
    this.#window = synAck.window.messages
    this.#mayMiss = resumed && !recovered
    if (this.#mayMiss) this.#toldAt = at
    this.#link.open = true
    this.#write(encodeFrame({ type: FrameType.ACK, seq: this.#lastSeq }))
    this.#acknowledged = this.#lastSeq
    if (resumed) {
      this.#markStored(synAck.lastMsgId)
      for (const sent of this.#sent.values()) if (!sent.stored) this.#transmit(sent)
    }
    this.#sendNext()
  }

  #markStored(msgId: number): void {
    if (msgId <= this.#stored) return
    this.#stored = msgId
    for (const sent of this.#sent.values()) {
      if (sent.msgId > msgId || sent.stored) continue
      sent.stored = true
      this.#options.history.add({ what: 'stored', at: this.#loop.now, session: this.#session!, msgId: sent.msgId })
      if (!sent.plan.request) this.#settle(sent.msgId)
    }
  }

  #refused({ msgId, payload }: Frame): void {
    const { code } = decodeError(payload)
    const times = this.#sent.get(msgId)?.times ?? 0
    this.#options.history.add({ what: 'refused', at: this.#loop.now, session: this.#session!, msgId, code, times })
    this.#settle(msgId)
  }

  #settle(msgId: number): void {
    if (this.#sent.delete(msgId)) this.#sendNext()
  }

  #delivered(frame: Frame): void {
    const { seq, msgId } = frame
    const repeat = seq <= this.#lastSeq
    const at = this.#loop.now
    const session = this.#session!
    if (!repeat && seq !== this.#lastSeq + 1)
      this.#options.history.add({ what: 'gap', at, session, expected: this.#lastSeq + 1, seq, told: this.#mayMiss })
    const error = frame.type === FrameType.ERROR
    const ends = error || (frame.type === FrameType.RESPONSE && (frame.flags & Flag.MORE) === 0)
    const code = error ? decodeError(frame.payload).code : frame.type === FrameType.PUSH ? 'push' : ''
    const bytes = `${frame.type} ${msgId} ${Buffer.from(frame.payload).toString('utf8')}`
    const number =
      error || frame.payload.length === 0 ? 0 : (JSON.parse(Buffer.from(frame.payload).toString('utf8')) as { number: number }).number
    this.#options.history.add({ what: 'delivered', at, session, seq, msgId, ends, code, number, bytes, repeat })
    if (!repeat) this.#lastSeq = seq
    if (ends) this.#settle(msgId)
    this.#acknowledgeSoon()
  }

  #acknowledgeSoon(): void {
    this.#after(this.#loop.random.between(0, ACK_MOST_MS), () => {
      if (!this.#link.open || this.#acknowledged >= this.#lastSeq) return
      this.#acknowledged = this.#lastSeq
      this.#write(encodeFrame({ type: FrameType.ACK, seq: this.#lastSeq }))
    })
  }

  // What goes.

  #sendNext(): void {
    if (this.#sending || this.#waiting.length === 0) return
    this.#sending = true
    this.#after(this.#loop.random.skewed(0, this.#options.paceMs * 3), () => {
      this.#sending = false
      if (!this.#link.open || this.#sent.size >= this.#window) return
      const plan = this.#waiting.shift()
      if (plan === undefined) return
      this.#send(plan)
      this.#sendNext()
    })
  }

  #send(plan: Plan): void {
    const { now } = this.#loop
    const { timeoutMs } = plan
    const sent: Sent = {
      msgId: ++this.#lastMsgId,
      sentAt: now,
      plan,
      stored: false,
      times: 0,
      deadline: timeoutMs === undefined ? Number.POSITIVE_INFINITY : now + timeoutMs,
      expected: now + (timeoutMs ?? DEFAULT_TIMEOUT_MS),
    }
    this.#sent.set(sent.msgId, sent)
    this.#transmit(sent)
    if (plan.request && this.#loop.random.chance(this.#options.cancels)) this.#cancelSoon(sent)
  }

  #transmit(sent: Sent): void {
    const { msgId, plan, deadline } = sent
    const { now } = this.#loop
    sent.times++
    this.#options.history.add({ what: 'sent', at: now, client: this.#options.name, session: this.#session!, msgId, plan, time: sent.times })
    const timeout = deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(deadline - now))
    this.#write(
      encodeFrame({
        type: plan.request ? FrameType.REQUEST : FrameType.NOTIFY,
        codec: 1,
        opcode: plan.ordered ? 1 : 2,
        msgId,
        seq: this.#lastSeq,
        metadata: timeout === undefined ? undefined : { timeout },
        payload: JSON.stringify(bodyOf(plan)),
      }),
    )
    this.#acknowledged = this.#lastSeq
  }

  #cancelSoon({ msgId }: Sent): void {
    this.#after(this.#loop.random.between(0, 200), () => {
      if (!this.#link.open || !this.#sent.has(msgId)) return
      this.#options.history.add({ what: 'cancelled', at: this.#loop.now, session: this.#session!, msgId })
      this.#write(encodeFrame({ type: FrameType.CANCEL, msgId }))
    })
  }
}
