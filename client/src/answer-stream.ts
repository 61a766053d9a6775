/** The answers of a stream, as they come. */
import type { Frame } from '@causeway/protocol'
import type { CausewayError } from './errors.ts'
import { failure } from './errors.ts'
import { STREAM_BUFFER } from './limits.ts'
import type { MessageEvents } from './message.ts'
import { decodePayload } from './payload.ts'

/**
 * Values in the order of the handler. A reader that leaves early cancels the request; one that is more than 1,024 values behind gets
 * OVERLOADED, and the request is cancelled.
 */
export class AnswerStream<Value> implements AsyncIterableIterator<Value>, MessageEvents {
  readonly #start: (events: MessageEvents) => void
  readonly #cancel: () => void
  readonly #values: Value[] = []
  #begun = false
  #over = false
  #error: CausewayError | undefined
  #wake: (() => void) | undefined

  /** `start` is called when the first value is asked for, `cancel` when the reader leaves before the end. */
  constructor(start: (events: MessageEvents) => void, cancel: () => void) {
    this.#start = start
    this.#cancel = cancel
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Value>> {
    if (!this.#begun) {
      this.#begun = true
      this.#begin()
    }
    for (;;) {
      if (this.#values.length > 0) return { done: false, value: this.#values.shift() as Value }
      if (this.#error !== undefined) throw this.#error
      if (this.#over) return { done: true, value: undefined }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #begin(): void {
    try {
      this.#start(this)
    } catch (error) {
      this.#finish()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Value>> {
    const running = this.#begun && !this.#over
    this.#values.length = 0
    this.#finish()
    if (running) this.#cancel()
    return { done: true, value: undefined }
  }

  answer(frame: Frame, last: boolean): void {
    if (this.#over) return
    // The frame that ends a stream may carry the last value or nothing.
    if (!last || frame.payload.length > 0) this.#values.push(decodePayload(frame.codec, frame.payload) as Value)
    if (last) this.#finish()
    else if (this.#values.length > STREAM_BUFFER) {
      this.fail(failure('OVERLOADED', `the reader of a stream is ${this.#values.length} values behind, expected at most ${STREAM_BUFFER}`))
      this.#cancel()
    } else this.#wake?.()
  }

  stored(): void {}

  fail(error: CausewayError): void {
    if (!this.#over) this.#error = error
    this.#finish()
  }

  #finish(): void {
    this.#over = true
    this.#wake?.()
  }
}
