import { within } from '@causeway/backends'

/** What one end of the line answers, by what it is asked about. */
export type Answers = Readonly<Record<string, (argument: unknown) => unknown>>

/** An end of the channel between a process and one that it began: `process`, or a ChildProcess. */
export interface LineEnd {
  send?(message: object, done: (error: Error | null) => void): boolean
  on(event: 'message', heard: (message: unknown) => void): unknown
}

type Crossing = { ask: number; about: string; argument?: unknown } | { answer: number; value: unknown } | { answer: number; error: string }

/** Most questions that may wait for their answers. */
const MOST_ASKED = 64

/** Questions and answers between a process and one that it began. Both ends are of one build: what crosses is what was asked for. */
export class ProcessLine {
  readonly #end: LineEnd
  readonly #answerMs: number
  readonly #answers: Answers
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>()
  #last = 0

  /** The other end may take `answerMs` for an answer. */
  constructor(end: LineEnd, answerMs: number, answers: Answers) {
    this.#end = end
    this.#answerMs = answerMs
    this.#answers = answers
    end.on('message', message => void this.#heard(message as Crossing))
  }

  /** Rejects where there is no answer in time, where the other end can't answer, and where it is gone. */
  async ask(about: string, argument?: unknown): Promise<unknown> {
    if (this.#asked.size >= MOST_ASKED) throw new Error(`${about}: ${MOST_ASKED} questions wait for an answer already`)
    const number = ++this.#last
    const answer = Promise.withResolvers<unknown>()
    this.#asked.set(number, answer)
    this.#send({ ask: number, about, argument }, error => answer.reject(error))
    try {
      return await within(this.#answerMs, answer.promise, () => new Error(`${about}: no answer within ${this.#answerMs} ms`))
    } finally {
      this.#asked.delete(number)
    }
  }

  async #heard(crossing: Crossing): Promise<void> {
    if ('ask' in crossing) {
      const answer = crossing.ask
      try {
        const value = await this.#answers[crossing.about]!(crossing.argument)
        this.#send({ answer, value })
      } catch (error) {
        this.#send({ answer, error: (error as Error).message })
      }
      return
    }
    const asked = this.#asked.get(crossing.answer)
    if ('error' in crossing) asked?.reject(new Error(crossing.error))
    else asked?.resolve(crossing.value)
  }

  /** An answer to an end that is gone is for nobody: its own end says so. */
  #send(crossing: Crossing, failed: (error: Error) => void = () => {}): void {
    this.#end.send?.(crossing, error => error && failed(error))
  }
}
