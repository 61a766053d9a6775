/** Entries dropped at once, so that dropping costs nothing each. */
const COMPACT_AT = 1_024

/** Bytes of the deliveries that a client has not acknowledged. Bounded by the outbox itself: beyond it nothing is admitted that could add to it. */
export class OutboxMeter {
  #entries: { seq: number; bytes: number }[] = []
  #first = 0
  bytes = 0

  add(seq: number, bytes: number): void {
    this.#entries.push({ seq, bytes })
    this.bytes += bytes
  }

  acknowledge(seq: number): void {
    const entries = this.#entries
    while (this.#first < entries.length && entries[this.#first].seq <= seq) this.bytes -= entries[this.#first++].bytes
    if (this.#first < COMPACT_AT && this.#first < entries.length) return
    this.#entries = entries.slice(this.#first)
    this.#first = 0
  }
}
