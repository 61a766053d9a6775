import { COMMIT_AGAIN_MS } from './limits.ts'

/** A polled record on its way; `complete` once its finish, park or retry call has returned. */
export class OffsetEntry {
  readonly offset: number
  readonly bytes: number
  readonly #completed: (entry: OffsetEntry) => void
  #complete = false

  constructor(offset: number, bytes: number, completed: (entry: OffsetEntry) => void) {
    this.offset = offset
    this.bytes = bytes
    this.#completed = completed
  }

  get complete(): boolean {
    return this.#complete
  }

  set complete(_: true) {
    if (this.#complete) return
    this.#complete = true
    this.#completed(this)
  }
}

/** Entries dropped at once, so that dropping costs nothing each. */
const COMPACT_AT = 1_024

/** One partition's polled records, in offset order: what may be committed is the oldest that is not complete, never across a gap. */
export class PartitionOffsets {
  #entries: OffsetEntry[] = []
  #first = 0
  #next: number | undefined
  #committed: number | undefined
  /** Unix ms; until then the watermark is committed again though it has not moved. */
  #againUntil = 0
  /** Records polled and not complete, and their payload bytes. */
  unfinished = 0
  bytes = 0
  readonly #completed = ({ bytes }: OffsetEntry): void => {
    this.unfinished--
    this.bytes -= bytes
  }

  /** Records polled and not complete, or complete behind one that is not: what the next owner would read again. */
  get outstanding(): number {
    this.#drop()
    return this.#entries.length - this.#first
  }

  add(offset: number, bytes: number): OffsetEntry {
    const entry = new OffsetEntry(offset, bytes, this.#completed)
    this.#entries.push(entry)
    this.unfinished++
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
      this.#next = entries[this.#first++].offset + 1
    }
    if (this.#first >= COMPACT_AT || this.#first === entries.length) {
      entries.splice(0, this.#first)
      this.#first = 0
    }
  }

  /** A commit failed, and may reach the broker yet, behind a newer one: the watermark is committed again for a while, so that the last word is right. */
  commitFailed(): void {
    this.#committed = undefined
    this.#againUntil = Date.now() + COMMIT_AGAIN_MS
  }

  /** The watermark where it has moved since it was last taken. */
  takeCommit(): number | undefined {
    const watermark = this.watermark
    if (watermark === this.#committed && Date.now() > this.#againUntil) return undefined
    this.#committed = watermark
    return watermark
  }
}
