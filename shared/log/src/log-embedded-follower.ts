import type { ConsumedRecord, FollowHandlers, Following } from './log.ts'
import type { Partition } from './log-embedded-partition.ts'

/** Records read from disk in one turn while a follower is behind. */
const READ_RECORDS = 500

/** Reads one partition from its beginning: from disk until it is at the end, then what lands. */
export class EmbeddedFollower implements Following {
  readonly #partition: Partition
  readonly #handlers: FollowHandlers
  readonly #left: () => void
  #next = 0
  #caughtUp = false
  #closed = false

  constructor(partition: Partition, handlers: FollowHandlers, left: () => void) {
    this.#partition = partition
    this.#handlers = handlers
    this.#left = left
    setImmediate(() => this.#read())
  }

  /** New at the end of a partition; while there is more to read before it, it is read from disk in its turn. */
  landed(partition: number, records: readonly ConsumedRecord[]): void {
    if (partition === this.#partition.number && this.#caughtUp) this.#give(records)
  }

  #read(): void {
    if (this.#closed) return
    const records = this.#partition.read(this.#next, READ_RECORDS)
    this.#give(records)
    if (records.length > 0 && this.#next < this.#partition.end) {
      setImmediate(() => this.#read())
      return
    }
    this.#caughtUp = true
    if (!this.#closed) this.#handlers.caughtUp()
  }

  #give(records: readonly ConsumedRecord[]): void {
    const fresh = records.filter(({ offset }) => offset >= this.#next)
    if (fresh.length === 0 || this.#closed) return
    this.#next = fresh.at(-1)!.offset + 1
    this.#handlers.records(fresh)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#left()
  }
}
