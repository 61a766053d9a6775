import type { DataFolder } from '@causeway/embedded'
import type { ConsumedRecord, ConsumeOptions, ConsumerHandlers, LogConsumer } from './log.ts'
import type { Partition } from './log-embedded-partition.ts'
import type { Topic } from './log-embedded-topic.ts'

/** Records read from disk for one partition in one turn while a consumer is behind. */
const READ_RECORDS = 500

/**
 * The one consumer of its group and topic: it has every partition. At the tail it gets records straight from memory as
 * their group lands; behind it, after a start or a pause, it reads them from disk, a bounded number a turn.
 */
export class EmbeddedConsumer implements LogConsumer {
  readonly group: string
  readonly #folder: DataFolder
  readonly #topic: Topic
  readonly #handlers: ConsumerHandlers
  readonly #left: () => void
  /** Next offset to hand over, by partition. */
  readonly #positions: number[]
  readonly #paused = new Set<number>()
  #isReading = false
  #state: 'joining' | 'running' | 'left' = 'joining'

  constructor(folder: DataFolder, topic: Topic, options: ConsumeOptions, left: () => void) {
    this.group = options.group
    this.#folder = folder
    this.#topic = topic
    this.#handlers = options.handlers
    this.#left = left
    this.#positions = topic.partitions.map(({ number }) => topic.committed(options.group, number) ?? 0)
  }

  /** Hands the partitions over; a reader that can't take them never was one. */
  async start(): Promise<void> {
    try {
      await this.#handlers.assigned(this.#topic.partitions.map(({ number }) => number))
    } catch (error) {
      await this.leave()
      throw error
    }
    if (this.#state !== 'joining') return
    this.#state = 'running'
    this.#readOn()
  }

  /** Records of one partition that have just been committed. */
  landed(partition: number, records: readonly ConsumedRecord[]): void {
    if (this.#state !== 'running' || this.#paused.has(partition)) return
    if (this.#positions[partition] === records[0]!.offset) this.#handOver(partition, records)
  }

  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    if (this.#state === 'left') return
    const stored = new Map(offsets)
    await this.#folder.commit(transaction => this.#topic.commit(transaction, this.group, stored))
    this.#trim(this.#topic.partitions.filter(({ number }) => stored.has(number)))
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) this.#paused.add(partition)
  }

  resume(partitions: readonly number[]): void {
    for (const partition of partitions) this.#paused.delete(partition)
    if (this.#state === 'running') this.#readOn()
  }

  async leave(): Promise<void> {
    if (this.#state === 'left') return
    this.#state = 'left'
    this.#left()
  }

  /** What is committed is needed no more; it goes group by group, for it may be much. */
  #trim(partitions: readonly Partition[]): void {
    let left: Partition[] = []
    this.#folder.write(
      transaction => {
        left = this.#topic.keepsBoundedNumber ? [] : partitions.filter(partition => this.#topic.trim(transaction, partition))
      },
      failure => {
        if (!failure && left.length > 0) this.#trim(left)
      },
    )
  }

  #handOver(partition: number, records: readonly ConsumedRecord[]): void {
    this.#positions[partition] = records.at(-1)!.offset + 1
    this.#handlers.records(partition, records)
  }

  /** Reads from disk, a turn at a time, until every partition that isn't paused is at the tail. */
  #readOn(): void {
    if (this.#isReading) return
    this.#isReading = true
    setImmediate(() => {
      this.#isReading = false
      if (this.#state === 'running' && this.#readOnce()) this.#readOn()
    })
  }

  /** Whether any partition had something. */
  #readOnce(): boolean {
    let found = false
    for (const partition of this.#topic.partitions) {
      const position = this.#positions[partition.number]!
      if (position >= partition.end || this.#paused.has(partition.number)) continue
      const records = partition.read(position, READ_RECORDS)
      if (records.length === 0) continue
      found = true
      this.#handOver(partition.number, records)
    }
    return found
  }
}
