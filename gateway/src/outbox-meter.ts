/** Entries dropped at once, so that dropping costs nothing each. */
const COMPACT_AT = 1_024

/** Bytes of the deliveries that a client has not acknowledged. Bounded by the outbox itself: beyond it nothing is admitted that could add to it. */
export class OutboxMeter {
  #seqs: number[] = []
  #sizes: number[] = []
  #first = 0
  bytes = 0

  add(seq: number, bytes: number): void {
    this.#seqs.push(seq)
    this.#sizes.push(bytes)
    this.bytes += bytes
  }

  acknowledge(seq: number): void {
    const seqs = this.#seqs
    while (this.#first < seqs.length && seqs[this.#first] <= seq) this.bytes -= this.#sizes[this.#first++]
    if (this.#first < COMPACT_AT && this.#first < seqs.length) return
    this.#seqs = seqs.slice(this.#first)
    this.#sizes = this.#sizes.slice(this.#first)
    this.#first = 0
  }
}
