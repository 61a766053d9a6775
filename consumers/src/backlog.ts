import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import { AHEAD_RECORDS, OUTSTANDING_BYTES, OUTSTANDING_RECORDS } from './limits.ts'
import { type OffsetEntry, PartitionOffsets } from './partition-offsets.ts'

/** What one assignment has polled and not completed: its bound (partitions are paused and resumed) and its commits. */
export class Backlog {
  readonly #partitions: Map<number, PartitionOffsets>
  readonly #consumer: () => LogConsumer | undefined
  readonly #paused = new Set<number>()
  #inAir: Promise<void> | undefined
  /** All who ask while one is in the air share the next. */
  #next: Promise<void> | undefined
  #closed = false

  constructor(partitions: readonly number[], consumer: () => LogConsumer | undefined) {
    this.#partitions = new Map(partitions.map(partition => [partition, new PartitionOffsets()]))
    this.#consumer = consumer
  }

  has(partition: number): boolean {
    return this.#partitions.has(partition)
  }

  add(record: ConsumedRecord): OffsetEntry {
    return this.#partitions.get(record.partition)!.add(record.offset, record.value.length)
  }

  get outstanding(): number {
    return this.#sum(({ outstanding }) => outstanding)
  }

  get unfinished(): number {
    return this.#sum(({ unfinished }) => unfinished)
  }

  get #bytes(): number {
    return this.#sum(({ bytes }) => bytes)
  }

  #sum(figure: (offsets: PartitionOffsets) => number): number {
    let sum = 0
    for (const offsets of this.#partitions.values()) sum += figure(offsets)
    return sum
  }

  /** Pauses a partition that has reached the bound. */
  restrain(partition: number): void {
    const { unfinished, outstanding } = this.#partitions.get(partition)!
    const full = unfinished > OUTSTANDING_RECORDS || outstanding > AHEAD_RECORDS || this.#bytes > OUTSTANDING_BYTES
    if (!full || this.#paused.has(partition)) return
    this.#paused.add(partition)
    this.#consumer()?.pause([partition])
  }

  /** Resumes the partitions that are below half of the bound. */
  relieve(): void {
    if (this.#paused.size === 0 || this.#bytes > OUTSTANDING_BYTES / 2) return
    const relieved = [...this.#paused].filter(partition => {
      const { unfinished, outstanding } = this.#partitions.get(partition)!
      return unfinished < OUTSTANDING_RECORDS / 2 && outstanding < AHEAD_RECORDS / 2
    })
    if (relieved.length === 0) return
    for (const partition of relieved) this.#paused.delete(partition)
    this.#consumer()?.resume(relieved)
  }

  /** Commits each partition's watermark where it has moved. One commit is in the air: an older one that is sent again must not land behind a newer. */
  commit(): Promise<void> {
    if (this.#inAir === undefined) {
      this.#inAir = this.#commit().finally(() => {
        this.#inAir = undefined
      })
      return this.#inAir
    }
    const afterwards = (): Promise<void> => {
      this.#next = undefined
      return this.commit()
    }
    this.#next ??= this.#inAir.then(afterwards, afterwards)
    return this.#next
  }

  /** Its assignment has ended, and the next one is there: what it would commit late could lie behind what that one has. */
  close(): void {
    this.#closed = true
  }

  async #commit(): Promise<void> {
    if (this.#closed) return
    const offsets = new Map<number, number>()
    for (const [partition, each] of this.#partitions) {
      const next = each.takeCommit()
      if (next !== undefined) offsets.set(partition, next)
    }
    if (offsets.size === 0) return
    try {
      await this.#consumer()?.commit(offsets)
    } catch (error) {
      for (const partition of offsets.keys()) this.#partitions.get(partition)!.commitFailed()
      throw error
    }
  }
}
