import { decodeFrame } from '@causeway/protocol'
import type { FinishEntry, FinishResult, Outcome, Sessions } from '@causeway/sessions'
import { type Answer, type AnswerError, readAnswer, readValue } from './answer.ts'

/** A message that has not come to its end, and who is told what comes of it. */
export interface OpenMessage {
  answer(answer: Answer): void
  ended(outcome: Outcome): void
}

/** A PUSH that took effect. */
export interface TestPush {
  readonly session?: string
  readonly channel?: string
  /** JSON as its value; bytes as they are. */
  readonly payload: unknown
}

const keyOf = (session: string, msgId: number): string => `${session} ${msgId}`

/** The part of the sessions port that a message runner needs: each message ends once, what comes later is a duplicate. */
export class TestStore {
  readonly pushes: TestPush[] = []
  readonly #open = new Map<string, OpenMessage>()

  /** The port, of which no more is called than this. */
  get port(): Sessions {
    return this as unknown as Sessions
  }

  open(session: string, msgId: number, message: OpenMessage): void {
    this.#open.set(keyOf(session, msgId), message)
  }

  isOpen(session: string, msgId: number): boolean {
    return this.#open.has(keyOf(session, msgId))
  }

  async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    return entries.map(entry => ({ status: this.#take(entry) }))
  }

  #take(entry: FinishEntry): FinishResult['status'] {
    const { kind, session, frame } = entry
    const open = entry.msgId === undefined ? undefined : this.#open.get(keyOf(session, entry.msgId))
    if (entry.msgId !== undefined && open === undefined) return 'duplicate'
    if (kind === 'push') {
      const { codec, payload } = decodeFrame(frame!)
      this.pushes.push({ session, payload: readValue(codec, payload) })
      return 'done'
    }
    if (frame !== undefined) open!.answer(readAnswer(frame))
    if (kind === 'final') this.#end(session, entry.msgId, entry.outcome)
    return 'done'
  }

  /** Ends it from outside its handler, where it has not ended. */
  fail(session: string, msgId: number, outcome: Outcome, error: AnswerError): void {
    this.#open.get(keyOf(session, msgId))?.answer({ kind: 'error', error })
    this.#end(session, msgId, outcome)
  }

  #end(session: string, msgId: number, outcome: Outcome): void {
    const key = keyOf(session, msgId)
    const open = this.#open.get(key)
    this.#open.delete(key)
    open?.ended(outcome)
  }
}
