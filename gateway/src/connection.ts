import { crc32 as zlibCrc32 } from 'node:zlib'
import {
  Codec,
  decodeSyn,
  type ErrorName,
  encodeClose,
  encodeCredit,
  encodeError,
  encodeFrame,
  encodeGoaway,
  Flag,
  type Frame,
  FrameType,
  type Problem,
  ProtocolError,
  problem,
  typeName,
  withChecksum,
} from '@causeway/protocol'
import type { Arrival } from './admission.ts'
import type { Identity } from './authentication.ts'
import type { Subscriber } from './channel-hub.ts'
import type { ConnectionContext } from './connection-context.ts'
import { shakeHands } from './handshake.ts'
import { KeepAlive } from './keep-alive.ts'
import { type IntakeOwner, MessageIntake } from './message-intake.ts'
import { ReadGate, type ReadStop } from './read-gate.ts'
import type { GatewaySession, SessionOwner } from './session.ts'
import { SlowConsumer } from './slow-consumer.ts'
import { answerSubscription } from './subscription.ts'
import type { Transport } from './transport.ts'

/** Turns of the event loop in which the end of a socket is noticed that lay behind its SYN already. */
const HEAR_OUT_TURNS = 2

type State = 'expectSyn' | 'opening' | 'expectAck' | 'open' | 'closed'

/**
 * One connection of version 2, over TCP or WebSocket: handshake, then frames. It decides what a frame means here and now; what
 * becomes of a message is the admission's and the session host's.
 */
export class Connection implements SessionOwner, Subscriber, IntakeOwner {
  readonly #context: ConnectionContext
  readonly transport: Transport
  /** Token of the Authorization header, where the transport has one; kept no longer than the handshake. */
  #headerToken: string | undefined
  #state: State = 'expectSyn'
  session: GatewaySession | undefined
  #resumed = false
  #checksum = false
  readonly #openedAt = Date.now()
  readonly #keepAlive: KeepAlive
  readonly #gate: ReadGate
  readonly #slow: SlowConsumer
  readonly #intake: MessageIntake
  /** The client was told that its window is nothing. */
  #windowShut = false
  #identity: Identity | undefined
  #tokenExpiresAt = Number.POSITIVE_INFINITY
  #leaving = false

  constructor(context: ConnectionContext, transport: Transport, headerToken?: string) {
    this.#context = context
    this.transport = transport
    this.#headerToken = headerToken
    this.#keepAlive = new KeepAlive(context.config.keepAlive)
    this.#gate = new ReadGate(transport)
    this.#slow = new SlowConsumer(transport, context.config.sendBuffer)
    this.#intake = new MessageIntake(context, this, this.#gate)
    context.connections.add(this)
    context.counters.connected()
  }

  /** Frames of one read; `failure` is what ended the decoding. */
  received(frames: readonly Frame[], failure: ProtocolError | undefined): void {
    const now = Date.now()
    const arrival = { now, at: performance.now(), receivedAt: now }
    this.#keepAlive.heard(now)
    this.#context.counters.received.add(frames.length)
    for (const frame of frames) {
      this.frame(frame, arrival)
    }
    if (failure !== undefined) {
      this.fail(failure)
      return
    }
    this.#intake.turnEnds()
    this.transport.flush()
    // answers of the gateway's own (PONG, refusals) are bounded by what makes them: such a client is read no further
    if (this.#slow.exceeded) this.#choke()
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  frame(frame: Frame, arrival: Arrival): void {
    if (this.#isClosed()) return
    if ((frame.flags & Flag.CHECKSUM) !== 0) this.#checksum = true
    if (this.#state === 'open') this.#openFrame(frame, arrival)
    else if (this.#state === 'expectAck') this.#expectAck(frame)
    else if (this.#state === 'opening') this.#intake.hold(frame, arrival)
    else if (frame.type === FrameType.SYN) void this.#synReceived(frame)
    else
      this.fail(new ProtocolError('HANDSHAKE_EXPECTED', `the first frame must be syn, not ${typeName(frame.type)}`, { msgId: frame.msgId }))
  }

  async #synReceived(frame: Frame): Promise<void> {
    this.#state = 'opening'
    try {
      const syn = decodeSyn(frame.payload)
      if (syn.session !== undefined) await this.#hearOut()
      if (this.#isClosed()) return
      this.#gate.stop('handshake')
      const opened = await shakeHands(this.#context, this, syn, this.#headerToken)
      this.#headerToken = undefined
      if (this.#isClosed()) {
        this.#context.channels.drop(this)
        this.#context.host.detach(opened.held.session)
        return
      }
      this.session = opened.held.session
      this.#resumed = opened.held.resumed
      this.#keepAlive.settle(opened.keepAliveMs)
      this.#identity = opened.identity
      this.#tokenExpiresAt = opened.tokenExpiresAt
      this.#state = 'expectAck'
      this.send(opened.synAck)
      this.transport.flush()
      this.#readOn('handshake')
      this.#intake.replay()
    } catch (error) {
      this.fail(error instanceof ProtocolError ? error : this.#unavailable(error))
    }
  }

  /**
   * A process that stood still finds SYNs of clients that have given up and resumed elsewhere: what follows in the socket, its end above all, is read
   * before a session is taken over for nobody, and its live connection replaced.
   */
  async #hearOut(): Promise<void> {
    for (let turn = 0; turn < HEAR_OUT_TURNS; turn++) await new Promise(resolve => setImmediate(resolve))
  }

  #unavailable(error: unknown): ProtocolError {
    this.#context.logger.warn({ error: (error as Error).message }, 'a session could not be opened')
    return new ProtocolError('BACKEND_UNAVAILABLE', 'the session store does not answer')
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #expectAck(frame: Frame): void {
    if (frame.type !== FrameType.ACK) {
      this.fail(new ProtocolError('HANDSHAKE_EXPECTED', `ack ends the handshake, not ${typeName(frame.type)}`, { msgId: frame.msgId }))
      return
    }
    this.#state = 'open'
    const session = this.session!
    this.#context.host.greeted(session)
    session.catchingUp = false
    session.missed = false
    if (this.#resumed || session.highestSeq >= session.nextSeq) void this.#context.host.catchUp(session, this.#resumed)
    this.#context.channels.beginAll(this)
  }

  #openFrame(frame: Frame, arrival: Arrival): void {
    const session = this.session!
    if (frame.seq > session.acknowledged) {
      this.#context.host.acknowledged(session, frame.seq)
      this.#tellWindow(session)
      // a full outbox closes the window too
      this.windowOpened()
    }
    switch (frame.type) {
      case FrameType.REQUEST:
      case FrameType.NOTIFY:
      case FrameType.SUBSCRIBE:
      case FrameType.UNSUBSCRIBE:
        this.#intake.message(session, frame, arrival)
        return
      case FrameType.ACK:
        return
      case FrameType.PONG:
        this.#intake.pong(frame.payload)
        return
      case FrameType.PING:
        this.send(encodeFrame({ type: FrameType.PONG, payload: frame.payload }))
        return
      case FrameType.CANCEL:
        this.#cancel(session, frame.msgId)
        return
      case FrameType.CLOSE:
        this.#finish('GOING_AWAY', 'closed by the client')
        return
      default:
        this.fail(new ProtocolError('BAD_FRAME', `${typeName(frame.type)} is not for a client to send here`, { msgId: frame.msgId }))
    }
  }

  subscription(session: GatewaySession, frame: Frame): Promise<void> {
    return answerSubscription(this.#context, this, this.#identity!, session, frame)
  }

  windowOpened(): void {
    this.#intake.windowOpened()
  }

  #cancel(session: GatewaySession, msgId: number): void {
    const pending = session.pending.get(msgId)
    if (!pending?.request || pending.ending) return
    this.#context.host.end(session, pending, 'cancelled', 'CANCELLED', 'cancelled by the client')
    if (pending.service !== '') this.#context.cancelled(pending.service, session.id, msgId)
  }

  // What the session has for its client.

  deliver(frames: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open') return false
    if (this.#slow.exceeded) {
      this.#choke()
      return false
    }
    // an acknowledgement that is due rides along: a write of its own would cost as much as the answers
    if (this.session!.acknowledgementDue) this.#acknowledgement(this.session!)
    for (const frame of frames) this.send(frame)
    this.#tellWindow(this.session!)
    this.transport.flush()
    return true
  }

  /** A full outbox shrinks the window to nothing, and what is acknowledged opens it again (docs/protocol.md, section 5). */
  #tellWindow(session: GatewaySession): void {
    if (session.outboxFull === this.#windowShut) return
    this.#windowShut = session.outboxFull
    const { window, windowBytes } = this.#context.config
    this.send(this.#windowShut ? encodeCredit({ messages: 0, bytes: 0 }) : encodeCredit({ messages: window, bytes: windowBytes }))
  }

  /** It takes nothing: what comes stays in the outbox until it does, or until its time is up. */
  #choke(): void {
    if (this.#slow.choked || this.#state === 'closed') return
    this.#gate.stop('choked')
    this.#slow.choke(() => {
      this.#readOn('choked')
      this.#context.channels.readOn(this)
      if (this.#state === 'open') void this.#context.host.readOn(this.session!)
    })
  }

  // What its channels have.

  publish(frame: Uint8Array): boolean {
    if (this.#state !== 'open') return false
    if (this.#slow.exceeded) {
      this.#choke()
      return false
    }
    this.send(frame)
    return true
  }

  flush(): void {
    if (this.#state === 'open') this.transport.flush()
  }

  missed(channel: string): void {
    this.close('SLOW_CONSUMER', `channel ${channel} keeps no more what this connection has not taken: resume to be told`)
  }

  /** An answer of the gateway's own, kept nowhere. */
  reply(msgId: number, payload: string): void {
    if (this.#state === 'closed') return
    this.send(encodeFrame({ type: FrameType.RESPONSE, codec: Codec.JSON, msgId, payload }))
    this.transport.flush()
  }

  refuse(msgId: number, refusal: Problem): void {
    this.send(encodeError(refusal, { msgId }))
    this.#intake.refused()
    this.transport.flush()
  }

  acknowledge(): void {
    if (this.#state !== 'open') return
    this.#acknowledgement(this.session!)
    this.transport.flush()
  }

  #acknowledgement(session: GatewaySession): void {
    session.acknowledgementDue = false
    this.#context.host.unacknowledged.delete(session)
    this.send(encodeFrame({ type: FrameType.ACK, msgId: session.storedMark }))
  }

  send(frame: Uint8Array): void {
    this.transport.queue(this.#checksum ? withChecksum(frame, zlibCrc32) : frame)
  }

  // Time and ends.

  tick(now: number): void {
    if (this.#state === 'closed') return
    if (this.#state !== 'open') {
      if (now - this.#openedAt > this.#context.config.handshakeTimeout)
        this.close('HANDSHAKE_EXPECTED', `no handshake within ${this.#context.config.handshakeTimeout} ms`)
      return
    }
    this.#intake.tick(now)
    if (this.#slow.overdue(now)) {
      this.close('SLOW_CONSUMER', `more than ${this.#context.config.sendBuffer} bytes wait to be read`)
      this.transport.destroy()
    } else if (now >= this.#tokenExpiresAt) this.close('TOKEN_EXPIRED', 'fetch another token and connect again')
    else this.#listen(now)
  }

  /** A connection that is not read can't be heard: its clock stands. */
  #listen(now: number): void {
    if (this.#gate.shut) this.#keepAlive.heard(now)
    const due = this.#keepAlive.due(now)
    if (due === 'idle') this.close('IDLE', `nothing heard for ${this.#keepAlive.silentMs(now)} ms`)
    else if (due === 'ping') {
      this.send(encodeFrame({ type: FrameType.PING }))
      this.transport.flush()
    }
  }

  /** Asks the client to finish and connect elsewhere. */
  leave(reason: string, reconnectAfterMs: number): void {
    if (this.#leaving || this.#state !== 'open') return
    this.#leaving = true
    this.send(encodeGoaway({ reason, reconnectAfterMs, code: 'GOING_AWAY' }))
    this.transport.flush()
  }

  /** A frame that can't be answered otherwise: ERROR, then CLOSE, then the end. */
  fail(error: ProtocolError): void {
    if (this.#state === 'closed') return
    this.send(encodeError(error.problem(), { msgId: error.msgId }))
    this.close(error.code, error.detail)
  }

  close(code: ErrorName, detail?: string): void {
    if (this.#state === 'closed') return
    const told = problem(code, { detail })
    this.send(encodeClose(told))
    this.#finish(code, detail ?? told.title)
  }

  #finish(code: ErrorName, reason: string): void {
    const { number } = problem(code)
    this.transport.end(number, reason)
    this.ended(code)
  }

  /** The transport has ended, by whomever. */
  ended(code: ErrorName | 'LOST'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#intake.clear()
    this.#context.connections.delete(this)
    this.#context.channels.drop(this)
    this.#context.counters.connections--
    this.#context.counters.close(code)
    if (this.session !== undefined && this.session.owner === this) this.#context.host.detach(this.session)
  }

  readOn(): void {
    this.#readOn('window')
  }

  #readOn(reason: ReadStop): void {
    if (this.#gate.go(reason)) this.#keepAlive.heard(Date.now())
  }
}
