import type { ListenerConfig } from '@causeway/config'
import {
  Codec,
  type Dialect,
  type DialectDecoder,
  type DialectMessage,
  type ErrorName,
  type Frame,
  FrameType,
  KEEP_ALIVE_LIMIT,
  type Problem,
  type ProtocolError,
  problem,
} from '@causeway/protocol'
import type { ConnectionContext } from '../connection-context.ts'
import { readDelivery } from '../delivery-frame.ts'
import { HeldFrames } from '../held-frames.ts'
import { ReadGate } from '../read-gate.ts'
import type { GatewaySession, SessionOwner } from '../session.ts'
import { SlowConsumer } from '../slow-consumer.ts'
import type { Transport } from '../transport.ts'
import { DialectAnswers } from './dialect-answers.ts'

/** Messages decoded at a time, of a read that may hold one a byte: what they and their answers take in memory stays near what was received. */
const MESSAGES_AT_ONCE = 1_024
/** Beyond the keep-alive, what a silent client on a dialect's own port may take for its first bytes, ms. */
const FIRST_BYTES_GRACE_MS = 5_000

const NOTHING = new Uint8Array(0)

/** One connection of a header dialect: a session from its first bytes to its close, without resume. */
export class DialectConnection implements SessionOwner {
  readonly #context: ConnectionContext
  readonly transport: Transport
  readonly #dialect: Dialect
  readonly #decoder: DialectDecoder
  readonly listener: ListenerConfig | undefined
  readonly #principal: string
  readonly #answers: DialectAnswers
  readonly #held = new HeldFrames<DialectMessage>()
  readonly #gate: ReadGate
  readonly #slow: SlowConsumer
  readonly #keepAlive: number
  #session: GatewaySession | undefined
  #nextMsgId = 1
  #heardAt = Date.now()
  #heard = false
  #closed = false
  #leaving = false
  #replaying = false
  #taking = false
  /** The client has said all it has to say, and still reads. */
  #complete = false

  /** `principal` is who its listener found it to be; '' where nobody asked. */
  constructor(context: ConnectionContext, transport: Transport, dialect: Dialect, listener: ListenerConfig | undefined, principal = '') {
    this.#context = context
    this.#principal = principal
    this.transport = transport
    this.#dialect = dialect
    this.#decoder = dialect.decoder({ maxPayload: context.config.maxPayload })
    this.listener = listener
    this.#gate = new ReadGate(transport)
    this.#slow = new SlowConsumer(transport, context.config.sendBuffer)
    this.#answers = new DialectAnswers(dialect, answer => transport.queue(answer))
    this.#keepAlive = listener?.keepAlive ?? context.config.keepAlive
    context.connections.add(this)
    context.counters.connected()
    void this.#open()
  }

  async #open(): Promise<void> {
    try {
      const held = await this.#context.host.open(this, this.#principal)
      if (this.#closed) {
        this.#context.host.detach(held.session)
        return
      }
      this.#session = held.session
      this.#replay()
    } catch (error) {
      this.#context.logger.warn({ error: (error as Error).message }, 'a session for a dialect connection could not be opened')
      this.close('BACKEND_UNAVAILABLE', 'the session store does not answer')
    }
  }

  /** Bytes of one read. */
  read(chunk: Uint8Array): void {
    for (let bytes = chunk; ; bytes = NOTHING) {
      const messages: DialectMessage[] = []
      this.received(messages, this.#decoder.push(bytes, messages, MESSAGES_AT_ONCE))
      if (!this.#decoder.waiting || this.#closed) return
      if (this.#blocked) break
    }
    // the rest waits as the bytes that it is
    this.#gate.stop('window')
  }

  /** Whether what comes would have to be held, as messages or as answers that are not taken. */
  get #blocked(): boolean {
    return this.#session === undefined || this.#held.length > 0 || this.#slow.choked
  }

  received(messages: readonly DialectMessage[], failure: ProtocolError | undefined): void {
    if (this.#closed) return
    this.#heardAt = Date.now()
    this.#heard = true
    this.#context.counters.received.add(messages.length)
    this.#take(messages)
    if (failure !== undefined) {
      this.#say(this.#dialect.encodeError(undefined, failure.problem()))
      this.#finish(failure.code, failure.detail)
      return
    }
    this.transport.flush()
    if (this.#slow.exceeded) this.#choke()
    this.#endIfDone()
  }

  /** One after the other; what the gateway itself answers to them is written at the end. */
  #take(messages: readonly DialectMessage[]): void {
    this.#taking = true
    for (const message of messages) this.#message(message)
    this.#taking = false
  }

  #message(message: DialectMessage): void {
    if (this.#session === undefined || this.#held.length > 0) {
      this.#hold(message)
      return
    }
    if (message.kind !== 'request') {
      this.#answers.reply(message)
      return
    }
    const { config } = this.#context
    const msgId = this.#nextMsgId
    if (!this.#session.hasRoom(msgId, message.payload.length, config.window, config.windowBytes)) {
      this.#hold(message)
      return
    }
    if (!this.#answers.repeated(message)) this.#admit(this.#session, message)
  }

  #admit(session: GatewaySession, message: DialectMessage): void {
    const { admission } = this.#context
    const msgId = this.#nextMsgId++
    const frame = this.#frame(message, msgId)
    if (frame.type === FrameType.REQUEST) this.#answers.ask(msgId, message)
    if (frame.opcode === 0 && frame.metadata === undefined) {
      session.lastMsgId = msgId
      admission.refuse(session, msgId, problem('NO_ROUTE', { detail: 'the header names no operation, and the listener no route' }))
    } else admission.admit(session, frame, { now: this.#heardAt, at: performance.now(), receivedAt: this.#heardAt })
    if (frame.type === FrameType.NOTIFY && !session.pending.has(msgId)) this.#answers.forget(message)
  }

  /** The question as a version-2 frame: its operation is the opcode or names a route of the listener's, which has one route where the header has no operation. */
  #frame(message: DialectMessage, msgId: number): Frame {
    const { opcodeBase = 0, modbus } = this.#dialect.table
    const { operation } = message
    const route = operation === undefined ? this.listener?.route : this.listener?.routes?.[operation]
    const opcode = route !== undefined || operation === undefined ? 0 : opcodeBase + operation
    const known = route === undefined ? this.#context.routes.byOpcode(opcode) : this.#context.routes.byName(route)
    return {
      type: message.silent || known?.oneWay === true ? FrameType.NOTIFY : FrameType.REQUEST,
      flags: 0,
      codec: modbus === undefined ? (this.listener?.codec ?? Codec.BYTES) : Codec.JSON,
      opcode,
      msgId,
      seq: 0,
      metadata: route === undefined ? undefined : { route },
      payload: message.payload,
    }
  }

  #hold(message: DialectMessage): void {
    this.#held.push(message)
    const { window, windowBytes } = this.#context.config
    const unfinished = { messages: this.#session?.pending.size ?? 0, bytes: this.#session?.unfinishedBytes ?? 0 }
    if (this.#held.beyond(unfinished, { messages: window, bytes: windowBytes })) this.#gate.stop('window')
  }

  windowOpened(): void {
    if (this.#replaying || (this.#held.length === 0 && !this.#decoder.waiting)) return
    this.#replaying = true
    setImmediate(() => {
      this.#replaying = false
      this.#replay()
    })
  }

  #replay(): void {
    if (this.#closed || this.#session === undefined) return
    this.#take(this.#held.takeAll())
    this.transport.flush()
    if (!this.#blocked && this.#decoder.waiting) this.read(NOTHING)
    if (!this.#blocked && !this.#decoder.waiting && this.#gate.go('window')) this.#heardAt = Date.now()
    this.#endIfDone()
  }

  deliver(frames: readonly Uint8Array[]): boolean {
    if (this.#closed) return false
    for (const bytes of frames) this.#answers.deliver(readDelivery(bytes))
    this.transport.flush()
    const session = this.#session!
    if (this.#slow.exceeded) this.#choke()
    else this.#context.host.acknowledged(session, session.nextSeq - 1)
    this.#endIfDone()
    return true
  }

  refuse(msgId: number, refusal: Problem): void {
    this.#answers.refuse(msgId, refusal)
    if (this.#taking) return
    this.transport.flush()
    this.#endIfDone()
  }

  /** A last word, where the dialect has one. */
  #say(bytes: Uint8Array): void {
    if (bytes.length > 0) this.transport.queue(bytes)
  }

  /** Acknowledged by the drained write. */
  #choke(): void {
    this.#gate.stop('choked')
    this.#slow.choke(() => {
      if (this.#closed) return
      this.#gate.go('choked')
      if (this.#session === undefined) return
      this.#context.host.acknowledged(this.#session, this.#session.nextSeq - 1)
      this.windowOpened()
    })
  }

  acknowledge(): void {
    // A dialect has no acknowledgement of its own.
  }

  tick(now: number): void {
    if (this.#gate.shut) this.#heardAt = now
    const limit = this.#heard ? this.#keepAlive * KEEP_ALIVE_LIMIT : this.#keepAlive + FIRST_BYTES_GRACE_MS
    if (this.#slow.overdue(now)) {
      this.#finish('SLOW_CONSUMER', 'it does not read')
      this.transport.destroy()
    } else if (now - this.#heardAt >= limit && this.#answers.open === 0) this.close('IDLE', `nothing heard for ${now - this.#heardAt} ms`)
  }

  /** A dialect can't be asked to leave: it is closed between two answers. */
  leave(): void {
    this.#leaving = true
    if (this.#answers.open === 0) this.close('GOING_AWAY')
    else this.#gate.stop('leaving')
  }

  /** The client has closed its side, as a script does behind its last question: it gets its answers before the end. */
  peerEnded(): void {
    this.#complete = true
    this.#endIfDone()
  }

  /** Where one side has said that it goes, the connection ends with the last answer. */
  #endIfDone(): void {
    if (this.#closed || this.#answers.open > 0) return
    if (this.#leaving) setImmediate(() => this.#answers.open === 0 && this.close('GOING_AWAY'))
    if (!this.#complete || this.#session === undefined || this.#held.length > 0 || this.#decoder.waiting) return
    this.transport.end(problem('GOING_AWAY').number, '')
    this.ended('LOST')
  }

  close(code: ErrorName, detail?: string): void {
    if (this.#closed) return
    if (code !== 'GOING_AWAY' && code !== 'IDLE') this.#say(this.#dialect.encodeError(undefined, problem(code, { detail })))
    this.#finish(code, detail ?? '')
  }

  #finish(code: ErrorName, reason: string): void {
    this.transport.end(problem(code).number, reason)
    this.ended(code)
  }

  ended(code: ErrorName | 'LOST'): void {
    if (this.#closed) return
    this.#closed = true
    this.#held.takeAll()
    this.#answers.clear()
    this.#context.connections.delete(this)
    this.#context.counters.connections--
    this.#context.counters.close(code)
    if (this.#session !== undefined) this.#context.host.detach(this.#session)
  }
}
