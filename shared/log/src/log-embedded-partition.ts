import type { Table, Transaction } from '@causeway/embedded'
import type { ConsumedRecord, LogRecord } from './log.ts'
import { batchCount, decodeBatch, encodeBatch } from './log-embedded-batch.ts'

/** Bytes and records of one stored batch: large enough to pay for its entry, small enough to be trimmed soon. */
const BATCH_BYTES = 64 * 1024
const BATCH_RECORDS = 1_000
/** Batches removed by one group at most, so that trimming never holds a commit up; the rest follows with the next ones. */
const TRIM_BATCHES = 256

const TOPIC_AND_PARTITION_BYTES = 4
const OFFSET_BYTES = 6
const MAX_OFFSET = 2 ** 48 - 1

/** One partition: batches in a table under topic u16, partition u16, first offset u48. */
export class Partition {
  readonly number: number
  readonly #table: Table
  readonly #prefix: Buffer
  /** Offset of the next record to be gathered. */
  #next: number
  /** Offset after the last record on disk. */
  end: number
  #gathered: LogRecord[] = []
  #gatheredSizes: number[] = []

  constructor(table: Table, topicId: number, number: number) {
    this.number = number
    this.#table = table
    this.#prefix = Buffer.alloc(TOPIC_AND_PARTITION_BYTES)
    this.#prefix.writeUInt16BE(topicId, 0)
    this.#prefix.writeUInt16BE(number, 2)
    const last = table.last(this.#key(0), this.#key(MAX_OFFSET))
    this.end = last ? offsetOf(last.key) + batchCount(last.value) : 0
    this.#next = this.end
  }

  /** Adds a record to the next group; `size` is its storedBytes(). */
  gather(record: LogRecord, size: number): void {
    this.#gathered.push(record)
    this.#gatheredSizes.push(size)
  }

  /** Writes what was gathered; returns it as readers get it. */
  write(transaction: Transaction): ConsumedRecord[] {
    const [records, sizes] = [this.#gathered, this.#gatheredSizes]
    this.#gathered = []
    this.#gatheredSizes = []
    const consumed: ConsumedRecord[] = []
    for (let from = 0; from < records.length; ) {
      const { until, bytes } = batchEnd(sizes, from)
      const batch = encodeBatch(from === 0 && until === records.length ? records : records.slice(from, until), bytes, this.#next)
      transaction.put(this.#table, this.#key(this.#next), batch.bytes)
      this.#next += until - from
      for (const record of batch.records) consumed.push(record)
      from = until
    }
    return consumed
  }

  /** Records from `offset` on, at most `limit`, in whole batches where `limit` allows; what was trimmed is left out. */
  read(offset: number, limit: number): ConsumedRecord[] {
    if (offset >= this.end || limit <= 0) return []
    const start = this.#table.last(this.#key(0), this.#key(offset))?.key ?? this.#key(offset)
    const records: ConsumedRecord[] = []
    for (const { key, value } of this.#table.range(start, this.#key(MAX_OFFSET), limit + 1)) {
      for (const record of decodeBatch(value, this.number, offsetOf(key))) if (record.offset >= offset) records.push(record)
      if (records.length >= limit) break
    }
    return records.slice(0, limit)
  }

  /** Removes batches that lie wholly below `watermark`; whether some are left for the next group. The last batch stays: it holds the partition's end. */
  trim(transaction: Transaction, watermark: number): boolean {
    if (watermark <= 0) return false
    const keys = this.#table.keys(this.#key(0), this.#key(watermark + 1), TRIM_BATCHES + 1)
    for (let index = 0; index + 1 < keys.length; index++) transaction.remove(this.#table, keys[index]!)
    return keys.length > TRIM_BATCHES
  }

  /** The records of the batch that holds `offset`, in order. */
  batchAt(offset: number): ConsumedRecord[] {
    const stored = this.#table.last(this.#key(0), this.#key(offset))
    const records = stored ? decodeBatch(stored.value, this.number, offsetOf(stored.key)) : []
    return records.some(record => record.offset === offset) ? records : []
  }

  /** Removes the batch whose first record is at `offset`. */
  removeBatch(transaction: Transaction, offset: number): void {
    transaction.remove(this.#table, this.#key(offset))
  }

  #key(offset: number): Buffer {
    const key = Buffer.allocUnsafe(TOPIC_AND_PARTITION_BYTES + OFFSET_BYTES)
    this.#prefix.copy(key)
    key.writeUIntBE(offset, TOPIC_AND_PARTITION_BYTES, OFFSET_BYTES)
    return key
  }
}

const offsetOf = (key: Buffer): number => key.readUIntBE(TOPIC_AND_PARTITION_BYTES, OFFSET_BYTES)

/** Where the batch that begins at `from` ends, and its bytes; it holds one record at least. */
function batchEnd(sizes: readonly number[], from: number): { until: number; bytes: number } {
  let until = from + 1
  let bytes = sizes[from]!
  while (until < sizes.length && until - from < BATCH_RECORDS && bytes + sizes[until]! <= BATCH_BYTES) bytes += sizes[until++]!
  return { until, bytes }
}
