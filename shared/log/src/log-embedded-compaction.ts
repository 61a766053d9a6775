import type { Transaction } from '@causeway/embedded'
import type { ConsumedRecord } from './log.ts'
import type { Partition } from './log-embedded-partition.ts'

/** Records read at a time when the folder is opened. */
const READ_RECORDS = 500

/**
 * Keeps the last record of each key. A batch goes once all its records are superseded; the partition's last one stays, since it holds the end. A tombstone
 * is needed by nobody who begins later, so it goes as what it took away does.
 */
export class Compaction {
  readonly #partition: Partition
  /** Offset of the last record of each key that has a value. */
  readonly #last = new Map<string, number>()
  /** Offsets that are superseded, and lie in a batch that is not. */
  readonly #superseded = new Set<number>()

  constructor(partition: Partition) {
    this.#partition = partition
    for (let next = 0; next < partition.end; ) {
      const records = partition.read(next, READ_RECORDS)
      if (records.length === 0) break
      this.#take(records)
      next = records.at(-1)!.offset + 1
    }
  }

  written(transaction: Transaction, records: readonly ConsumedRecord[]): void {
    // before these are counted: theirs are the last batches
    for (const offset of this.#superseded) this.#remove(transaction, offset)
    this.#take(records)
  }

  #take(records: readonly ConsumedRecord[]): void {
    for (const { key, offset, value } of records) {
      const before = this.#last.get(key)
      if (before !== undefined) this.#superseded.add(before)
      if (value.length > 0) this.#last.set(key, offset)
      else {
        this.#last.delete(key)
        this.#superseded.add(offset)
      }
    }
  }

  #remove(transaction: Transaction, offset: number): void {
    const batch = this.#partition.batchAt(offset)
    if (batch.some(record => !this.#superseded.has(record.offset))) return
    if (batch.length > 0) this.#partition.removeBatch(transaction, batch[0]!.offset)
    for (const record of batch) this.#superseded.delete(record.offset)
    this.#superseded.delete(offset)
  }
}
