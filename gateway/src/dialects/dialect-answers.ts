import { type Dialect, type DialectMessage, Flag, type Frame, FrameType, type Problem, problem } from '@causeway/protocol'
import { DialectRepeats, type Remembered } from './dialect-repeats.ts'

/** A question on its way, and the answer's bytes once it has one; for dialects matched by order it waits for its turn. */
interface Question {
  readonly message: DialectMessage
  /** Payloads of a stream's chunks, joined at its end. */
  readonly chunks: Uint8Array[]
  answer: Uint8Array | undefined
  /** What a repeat of it would be answered from. */
  readonly remembered: Remembered | undefined
}

/** Brings a connection's answers to their questions, in the dialect's own form: one for each, streams joined, in the order asked where the dialect matches by order. */
export class DialectAnswers {
  readonly #dialect: Dialect
  readonly #write: (answer: Uint8Array) => void
  readonly #questions = new Map<number, Question>()
  /** Answers in the order asked; only for dialects matched by order. */
  #turn: Question[] = []
  readonly #repeats: DialectRepeats

  constructor(dialect: Dialect, write: (answer: Uint8Array) => void) {
    this.#dialect = dialect
    this.#write = write
    this.#repeats = new DialectRepeats(dialect.table.repeats ?? 0)
  }

  /** Questions without an answer. */
  get open(): number {
    return this.#questions.size
  }

  /** Whether it was asked before; then it gets the answer that it had, or that is on its way. */
  repeated(message: DialectMessage): boolean {
    const before = this.#repeats.repeated(message)
    if (before?.answer !== undefined) this.#answerAt(this.#question(message), before.answer)
    return before !== undefined
  }

  /** A request that will be answered under its number. */
  ask(msgId: number, message: DialectMessage): void {
    this.#questions.set(msgId, this.#question(message, this.#repeats.of(message)))
  }

  /** What the gateway itself answers: a heartbeat, a handshake, what the dialect refuses. */
  reply(message: DialectMessage): void {
    this.#answerAt(this.#question(message), this.#dialect.encodeReply(message))
  }

  /** It was refused, and nobody waits for an answer: it comes again, and is no repeat then. */
  forget(message: DialectMessage): void {
    this.#repeats.forget(message)
  }

  /** What a worker or a deadline has for a question. */
  deliver({ msgId, type, flags, payload }: Frame): void {
    const question = this.#questions.get(msgId)
    if (question === undefined) return
    if (type === FrameType.ERROR) {
      const refusal = JSON.parse(Buffer.from(payload).toString('utf8')) as Problem
      this.#end(msgId, question, this.#dialect.encodeError(question.message, refusal))
      return
    }
    question.chunks.push(payload)
    if ((flags & Flag.MORE) !== 0) return
    const whole = question.chunks.length === 1 ? question.chunks[0] : Buffer.concat(question.chunks)
    this.#end(msgId, question, this.#encoded(question.message, whole))
  }

  /** Nothing was stored: sent again, it is handled. */
  refuse(msgId: number, refusal: Problem): void {
    const question = this.#questions.get(msgId)
    if (question === undefined) return
    this.#repeats.forget(question.message)
    this.#end(msgId, question, this.#dialect.encodeError(question.message, refusal))
  }

  /** Nobody is there any more. */
  clear(): void {
    this.#questions.clear()
    this.#turn = []
  }

  #question(message: DialectMessage, remembered?: Remembered): Question {
    const question: Question = { message, chunks: [], answer: undefined, remembered }
    if (this.#dialect.ordered) this.#turn.push(question)
    return question
  }

  #end(msgId: number, question: Question, answer: Uint8Array): void {
    this.#questions.delete(msgId)
    if (question.remembered !== undefined) question.remembered.answer = answer
    this.#answerAt(question, answer)
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

  /** Writes an answer, in its turn where the dialect matches by order. One of no bytes is none: there is nothing to say. */
  #answerAt(question: Question, answer: Uint8Array): void {
    question.answer = answer
    if (!this.#dialect.ordered) {
      if (answer.length > 0) this.#write(answer)
      return
    }
    while (this.#turn.length > 0 && this.#turn[0].answer !== undefined) {
      const { answer: next } = this.#turn.shift()!
      if (next!.length > 0) this.#write(next!)
    }
  }
}
