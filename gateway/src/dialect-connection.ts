import type { ListenerConfig } from '@causeway/config'
import {
  Codec,
  type Dialect,
  type DialectMessage,
  type ErrorName,
  Flag,
  type Frame,
  FrameType,
  KEEP_ALIVE_LIMIT,
  type Problem,
  type ProtocolError,
  problem,
} from '@causeway/protocol'
import type { ConnectionContext } from './connection-context.ts'
import { readDelivery } from './delivery-frame.ts'
import { DialectRepeats, type Remembered } from './dialect-repeats.ts'
import { HeldFrames } from './held-frames.ts'
import { ReadGate } from './read-gate.ts'
import type { GatewaySession, SessionOwner } from './session.ts'
import { SlowConsumer } from './slow-consumer.ts'
import type { Transport } from './transport.ts'

/** Beyond the keep-alive, what a silent client on a dialect's own port may take for its first bytes, ms. */
const FIRST_BYTES_GRACE_MS = 5_000

/** A question on its way, and the answer's bytes once it has one; for dialects matched by order it waits for its turn. */
interface Question {
  message: DialectMessage
  /** Payloads of a stream's chunks, joined at its end. */
  chunks: Uint8Array[]
  answer: Uint8Array | undefined
  /** What a repeat of it would be answered from. */
  remembered: Remembered | undefined
}

/** One connection of a header dialect: a session from its first bytes to its close, without resume. */
export class DialectConnection implements SessionOwner {
  readonly #context: ConnectionContext
  readonly transport: Transport
  readonly #dialect: Dialect
  readonly #listener: ListenerConfig | undefined
  readonly #questions = new Map<number, Question>()
  /** Answers in the order asked; only for dialects matched by order. */
  #turn: Question[] = []
  readonly #held = new HeldFrames<DialectMessage>()
  readonly #gate: ReadGate
  readonly #slow: SlowConsumer
  readonly #repeats: DialectRepeats
  readonly #keepAlive: number
  #session: GatewaySession | undefined
  #nextMsgId = 1
  #heardAt = Date.now()
  #heard = false
  #closed = false
  #leaving = false
  /** The client has said all it has to say, and still reads. */
  #complete = false

  constructor(context: ConnectionContext, transport: Transport, dialect: Dialect, listener: ListenerConfig | undefined) {
    this.#context = context
    this.transport = transport
    this.#dialect = dialect
    this.#listener = listener
    this.#gate = new ReadGate(transport)
    this.#slow = new SlowConsumer(transport, context.config.sendBuffer)
    this.#repeats = new DialectRepeats(dialect.table.repeats ?? 0)
    this.#keepAlive = listener?.keepAlive ?? context.config.keepAlive
    context.connections.add(this)
    context.counters.connections++
    void this.#open()
  }

  async #open(): Promise<void> {
    try {
      const held = await this.#context.host.open(this, '')
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

  received(messages: readonly DialectMessage[], failure: ProtocolError | undefined): void {
    if (this.#closed) return
    this.#heardAt = Date.now()
    this.#heard = true
    this.#context.counters.received.add(messages.length)
    for (const message of messages) this.#message(message)
    if (failure !== undefined) {
      this.#write(this.#dialect.encodeError(undefined, failure.problem()))
      this.#finish(failure.code, failure.detail)
      return
    }
    this.transport.flush()
    if (this.#slow.exceeded) this.#choke()
  }

  #message(message: DialectMessage): void {
    if (this.#session === undefined || this.#held.length > 0) {
      this.#hold(message)
      return
    }
    if (message.kind !== 'request') {
      this.#answerAt(this.#ask(message), this.#dialect.encodeReply(message))
      return
    }
    const { config } = this.#context
    const msgId = this.#nextMsgId
    if (!this.#session.hasRoom(msgId, message.payload.length, config.window, config.windowBytes)) {
      this.#hold(message)
      return
    }
    const before = this.#repeats.repeated(message)
    if (before === undefined) this.#admit(this.#session, message)
    // without an answer yet, the one on its way is the answer to both
    else if (before.answer !== undefined) this.#answerAt(this.#ask(message), before.answer)
  }

  #admit(session: GatewaySession, message: DialectMessage): void {
    const { admission } = this.#context
    const msgId = this.#nextMsgId++
    const frame = this.#frame(message, msgId)
    if (frame.type === FrameType.REQUEST) this.#questions.set(msgId, this.#ask(message))
    if (frame.opcode === 0 && frame.metadata === undefined) {
      session.lastMsgId = msgId
      admission.refuse(session, msgId, problem('NO_ROUTE', { detail: 'the header names no operation, and the listener no route' }))
    } else admission.admit(session, frame, this.#heardAt)
    // nobody is told of a notification that was refused: it comes again, and is no repeat then
    if (frame.type === FrameType.NOTIFY && !session.pending.has(msgId)) this.#repeats.forget(message)
  }

  /** A question, which has its turn from now on. */
  #ask(message: DialectMessage): Question {
    const remembered = message.kind === 'request' ? this.#repeats.of(message) : undefined
    const question: Question = { message, chunks: [], answer: undefined, remembered }
    if (this.#dialect.ordered) this.#turn.push(question)
    return question
  }

  /** The question as a version-2 frame: its operation is the opcode or names a route of the listener's, which has one route where the header has no operation. */
  #frame(message: DialectMessage, msgId: number): Frame {
    const { opcodeBase = 0, modbus } = this.#dialect.table
    const { operation } = message
    const route = operation === undefined ? this.#listener?.route : this.#listener?.routes?.[operation]
    const opcode = route !== undefined || operation === undefined ? 0 : opcodeBase + operation
    const known = route === undefined ? this.#context.routes.byOpcode(opcode) : this.#context.routes.byName(route)
    return {
      type: message.silent || known?.oneWay === true ? FrameType.NOTIFY : FrameType.REQUEST,
      flags: 0,
      codec: modbus === undefined ? (this.#listener?.codec ?? Codec.BYTES) : Codec.JSON,
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
    if (this.#held.length > 0) setImmediate(() => this.#replay())
  }

  #replay(): void {
    if (this.#closed || this.#session === undefined) return
    for (const message of this.#held.takeAll()) this.#message(message)
    if (this.#held.length === 0 && this.#gate.go('window')) this.#heardAt = Date.now()
    this.transport.flush()
    if (this.#complete) this.#endIfAnswered()
  }

  deliver(frames: readonly Uint8Array[]): boolean {
    if (this.#closed) return false
    for (const bytes of frames) this.#delivery(readDelivery(bytes))
    this.transport.flush()
    const session = this.#session!
    if (this.#slow.exceeded) this.#choke()
    else this.#context.host.acknowledged(session, session.nextSeq - 1)
    return true
  }

  #delivery(frame: Frame): void {
    const question = this.#questions.get(frame.msgId)
    if (question === undefined) return
    if (frame.type === FrameType.ERROR) {
      this.#questions.delete(frame.msgId)
      const refusal = JSON.parse(Buffer.from(frame.payload).toString('utf8')) as Problem
      this.#answerAt(question, this.#dialect.encodeError(question.message, refusal))
      return
    }
    question.chunks.push(frame.payload)
    if ((frame.flags & Flag.MORE) !== 0) return
    this.#questions.delete(frame.msgId)
    const payload = question.chunks.length === 1 ? question.chunks[0] : Buffer.concat(question.chunks)
    this.#answerAt(question, this.#encoded(question.message, payload))
  }

  /** An answer that the dialect's frame can't hold goes as its error form. */
  #encoded(message: DialectMessage, payload: Uint8Array): Uint8Array {
    try {
      return this.#dialect.encodeAnswer(message, payload)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return this.#dialect.encodeError(message, problem('HANDLER_FAILED', { detail: `the answer does not fit: ${error.message}` }))
    }
  }

  /** Writes an answer, in its turn where the dialect matches by order. */
  #answerAt(question: Question, answer: Uint8Array): void {
    question.answer = answer
    if (question.remembered !== undefined) question.remembered.answer = answer
    if (!this.#dialect.ordered) this.#write(answer)
    while (this.#turn.length > 0 && this.#turn[0].answer !== undefined) this.#write(this.#turn.shift()!.answer!)
    if (this.#leaving && this.#questions.size === 0) setImmediate(() => this.close('GOING_AWAY'))
    if (this.#complete) this.#endIfAnswered()
  }

  /** An answer of no bytes is none: there is nothing to say. */
  #write(answer: Uint8Array): void {
    if (answer.length > 0) this.transport.queue(answer)
  }

  refuse(msgId: number, refusal: Problem): void {
    const question = this.#questions.get(msgId)
    if (question === undefined) return
    this.#questions.delete(msgId)
    if (question.remembered !== undefined) this.#repeats.forget(question.message)
    question.remembered = undefined
    this.#answerAt(question, this.#dialect.encodeError(question.message, refusal))
    this.transport.flush()
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
    } else if (now - this.#heardAt >= limit && this.#questions.size === 0) this.close('IDLE', `nothing heard for ${now - this.#heardAt} ms`)
  }

  /** A dialect can't be asked to leave: it is closed between two answers. */
  leave(): void {
    this.#leaving = true
    if (this.#questions.size === 0) this.close('GOING_AWAY')
    else this.#gate.stop('leaving')
  }

  /** The client has closed its side, as a script does behind its last question: it gets its answers before the end. */
  peerEnded(): void {
    this.#complete = true
    this.#endIfAnswered()
  }

  #endIfAnswered(): void {
    if (this.#closed || this.#session === undefined || this.#held.length > 0 || this.#questions.size > 0) return
    this.transport.end(problem('GOING_AWAY').number, '')
    this.ended('LOST')
  }

  close(code: ErrorName, detail?: string): void {
    if (this.#closed) return
    if (code !== 'GOING_AWAY' && code !== 'IDLE') this.#write(this.#dialect.encodeError(undefined, problem(code, { detail })))
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
    this.#questions.clear()
    this.#turn = []
    this.#context.connections.delete(this)
    this.#context.counters.connections--
    this.#context.counters.close(code)
    if (this.#session !== undefined) this.#context.host.detach(this.#session)
  }
}
