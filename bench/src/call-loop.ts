import type { LoadConnection, LoadOptions } from './generate.ts'

/** One connection of a client library: `depth` calls always outstanding, each in a numbered slot that the next one takes over. */
export class CallLoop implements LoadConnection {
  readonly #options: LoadOptions
  readonly #call: (slot: number) => void
  readonly #sentAt: Float64Array
  #closing = false

  /** `call` sends a request; whoever gets its answer tells `answered` the slot, or `failed` why there is none. */
  constructor(options: LoadOptions, call: (slot: number) => void) {
    this.#options = options
    this.#call = call
    this.#sentAt = new Float64Array(options.depth)
  }

  start(): void {
    for (let slot = 0; slot < this.#options.depth; slot++) this.#send(slot)
  }

  /** Calls that are outstanding may still be answered; no other follows. */
  close(): void {
    this.#closing = true
  }

  /** `bytes` is the answer's payload. */
  answered(slot: number, bytes: number): void {
    if (this.#closing) return
    const { observer, size } = this.#options
    if (bytes !== size) observer.wrongLength()
    observer.answered(performance.now() - this.#sentAt[slot])
    this.#send(slot)
  }

  failed(code: string): void {
    if (!this.#closing) this.#options.observer.failed(code)
  }

  #send(slot: number): void {
    this.#sentAt[slot] = performance.now()
    this.#call(slot)
  }
}
