/** The answer of a request, gathered where the route streams. */
import type { Frame } from '@causeway/protocol'
import type { CausewayError } from './errors.ts'
import { failure } from './errors.ts'
import { STREAM_BUFFER } from './limits.ts'
import type { MessageEvents } from './message.ts'
import { decodePayload } from './payload.ts'

/** Resolves with the value of the only answer, or with the list of all where there is more than one. */
export class WholeAnswer implements MessageEvents {
  readonly #resolve: (answer: unknown) => void
  readonly fail: (error: CausewayError) => void
  readonly #answeredBy: ((who: string) => void) | undefined
  #values: unknown[] | undefined

  constructor(resolve: (answer: unknown) => void, reject: (error: CausewayError) => void, answeredBy?: (who: string) => void) {
    this.#resolve = resolve
    this.#answeredBy = answeredBy
    this.fail = reject
  }

  answer(frame: Frame, last: boolean): void {
    const who = frame.metadata?.answeredBy
    if (who !== undefined) this.#answeredBy?.(who)
    if (last && this.#values === undefined) {
      this.#resolve(decodePayload(frame.codec, frame.payload))
      return
    }
    this.#values ??= []
    // The frame that ends a stream may carry the last value or nothing.
    if (!last || frame.payload.length > 0) this.#values.push(decodePayload(frame.codec, frame.payload))
    if (this.#values.length > STREAM_BUFFER)
      throw failure('OVERLOADED', `the answer has more than ${STREAM_BUFFER} parts: read it with stream`)
    if (last) this.#resolve(this.#values)
  }

  stored(): void {}
}
