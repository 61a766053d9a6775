/** A polled record on its way; `complete` once its finish, park or retry call has returned. */
export interface OffsetEntry {
  readonly offset: number
  readonly bytes: number
  complete: boolean
}

/** Entries dropped at once, so that dropping costs nothing each. */
const COMPACT_AT = 1_024

/** One partition's polled records, in offset order: what may be committed is the oldest that is not complete, never across a gap. */
export class PartitionOffsets {
  #entries: OffsetEntry[] = []
  #first = 0
  #next: number | undefined
  #committed: number | undefined
  bytes = 0

  /** Records polled and not complete, or complete behind one that is not. */
  get outstanding(): number {
    this.#drop()
    return this.#entries.length - this.#first
  }

  add(offset: number, bytes: number): OffsetEntry {
    const entry: OffsetEntry = { offset, bytes, complete: false }
    this.#entries.push(entry)
    this.bytes += bytes
    return entry
  }

  /** Records below this offset are complete; undefined before the first. */
  get watermark(): number | undefined {
    this.#drop()
    return this.#next
  }

  #drop(): void {
    const entries = this.#entries
    while (this.#first < entries.length && entries[this.#first].complete) {
      const entry = entries[this.#first++]
      this.#next = entry.offset + 1
      this.bytes -= entry.bytes
    }
    if (this.#first >= COMPACT_AT || this.#first === entries.length) {
      entries.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** A commit failed: the next one takes the watermark along though it has not moved. */
  commitFailed(): void {
    this.#committed = undefined
  }

  /** The watermark where it has moved since it was last taken. */
  takeCommit(): number | undefined {
    const watermark = this.watermark
    if (watermark === this.#committed) return undefined
    this.#committed = watermark
    return watermark
  }
}
