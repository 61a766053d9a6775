import type { Outcome } from '@causeway/sessions'
import type { Answer } from './answer.ts'

/** The answers to one message, in order, for whoever reads them. */
export class AnswerQueue implements AsyncIterable<unknown> {
  /** How it ended. */
  readonly outcome: Promise<Outcome>
  /** More than one frame has come. */
  isStream = false
  readonly #values: unknown[] = []
  readonly #left: () => void
  readonly #resolve: (outcome: Outcome) => void
  #error: Error | undefined
  #ended = false
  #changed: (() => void) | undefined

  /** `left`: the reader goes before the end. */
  constructor(left: () => void) {
    this.#left = left
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.outcome = promise
    this.#resolve = resolve
  }

  add(answer: Answer): void {
    if (answer.kind === 'error') this.#error = answer.error
    else {
      if (answer.more) this.isStream = true
      // an empty frame ends a stream, or answers nothing
      if (!(answer.empty && this.isStream)) this.#values.push(answer.value)
    }
    this.#changed?.()
  }

  end(outcome: Outcome): void {
    this.#ended = true
    this.#resolve(outcome)
    this.#changed?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      for (;;) {
        while (this.#values.length > 0) yield this.#values.shift()
        if (this.#error !== undefined) throw this.#error
        if (this.#ended) return
        await new Promise<void>(resolve => {
          this.#changed = resolve
        })
      }
    } finally {
      this.#left()
    }
  }
}
