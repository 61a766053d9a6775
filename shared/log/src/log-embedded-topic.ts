import { compositeKey, type Table, type Transaction } from '@causeway/embedded'
import type { ConsumedRecord } from './log.ts'
import { EVENTS_TOPIC } from './log.ts'
import { Compaction } from './log-embedded-compaction.ts'
import type { EmbeddedConsumer } from './log-embedded-consumer.ts'
import type { EmbeddedFollower } from './log-embedded-follower.ts'
import { Partition } from './log-embedded-partition.ts'

/** Records a dead-letter topic keeps, for operators; the store of dead letters itself lies with the retries. */
const KEPT_DEAD_LETTERS = 100_000
/** Records the topic of session events keeps in each partition. */
const KEPT_EVENTS = 10_000
const COMMIT_BYTES = 6

/** Tables that topics lie in. */
export interface LogTables {
  records: Table
  commits: Table
}

/** A topic: its partitions, what its groups have committed, and who reads it in this process. */
export class Topic {
  readonly name: string
  readonly partitions: readonly Partition[]
  readonly consumers = new Set<EmbeddedConsumer>()
  readonly followers = new Set<EmbeddedFollower>()
  readonly #commits: Table
  /** Group to the next offset to read, by partition. */
  readonly #committed = new Map<string, (number | undefined)[]>()
  /** Records kept whatever was committed; undefined where the groups decide. */
  readonly #kept: number | undefined
  /** By partition; undefined where the topic is not compacted. */
  readonly #compactions: readonly Compaction[] | undefined

  constructor(name: string, id: number, partitions: number, tables: LogTables, compacted: boolean) {
    this.name = name
    this.partitions = Array.from({ length: partitions }, (_, number) => new Partition(tables.records, id, number))
    this.#commits = tables.commits
    this.#kept = name === EVENTS_TOPIC ? KEPT_EVENTS : name.endsWith('-dlt') ? KEPT_DEAD_LETTERS : undefined
    this.#compactions = compacted ? this.partitions.map(partition => new Compaction(partition)) : undefined
  }

  get compacted(): boolean {
    return this.#compactions !== undefined
  }

  committed(group: string, partition: number): number | undefined {
    return this.#committed.get(group)?.[partition]
  }

  /** A commit as it was read from disk, or is being written. */
  setCommitted(group: string, partition: number, offset: number): void {
    const offsets = this.#committed.get(group) ?? []
    offsets[partition] = offset
    this.#committed.set(group, offsets)
  }

  /** Writes a group's offsets. */
  commit(transaction: Transaction, group: string, offsets: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of offsets) {
      this.setCommitted(group, partition, offset)
      const value = Buffer.alloc(COMMIT_BYTES)
      value.writeUIntBE(offset, 0, COMMIT_BYTES)
      transaction.put(this.#commits, compositeKey(this.name, group, partition), value)
    }
  }

  /** Takes away what these records, just written, supersede. */
  compact(transaction: Transaction, { number }: Partition, records: readonly ConsumedRecord[]): void {
    this.#compactions?.[number]?.written(transaction, records)
  }

  /** Removes what is needed no more of a partition, a bounded number of batches; whether more is left. */
  trim(transaction: Transaction, partition: Partition): boolean {
    if (this.compacted) return false
    return partition.trim(transaction, this.#kept === undefined ? this.#watermark(partition.number) : partition.end - this.#kept)
  }

  /** Whether it is trimmed as records come, and not as they are committed. */
  get keepsBoundedNumber(): boolean {
    return this.#kept !== undefined
  }

  /** The lowest offset any group still wants. A group that has read nothing of a partition wants all of it, and so may one that is to come. */
  #watermark(partition: number): number {
    if (this.#committed.size === 0) return 0
    let watermark = Number.POSITIVE_INFINITY
    for (const offsets of this.#committed.values()) watermark = Math.min(watermark, offsets[partition] ?? 0)
    return Math.min(watermark, this.partitions[partition]!.end)
  }
}

/** Reads a stored commit. */
export function readCommit(key: Buffer, value: Buffer): { topic: string; group: string; partition: number; offset: number } {
  const first = key.indexOf(0)
  const second = key.indexOf(0, first + 1)
  return {
    topic: key.toString('utf8', 0, first),
    group: key.toString('utf8', first + 1, second),
    partition: key.readUInt32BE(second + 1),
    offset: value.readUIntBE(0, COMMIT_BYTES),
  }
}
