import type { DataFolder, Table, Transaction } from '@causeway/embedded'
import type {
  Appender,
  AppenderHandlers,
  ConsumedRecord,
  ConsumeOptions,
  FollowHandlers,
  Following,
  Log,
  LogConsumer,
  LogRecord,
  PartitionLag,
  TopicSpec,
} from './log.ts'
import { type AppendTarget, type EmbeddedAppender, GatheringAppender, type Landed } from './log-embedded-appender.ts'
import { EmbeddedConsumer } from './log-embedded-consumer.ts'
import { EmbeddedFollower } from './log-embedded-follower.ts'
import type { Partition } from './log-embedded-partition.ts'
import { type LogTables, readCommit, Topic } from './log-embedded-topic.ts'

/** Partitions a topic may have, as everywhere. */
const MAX_PARTITIONS = 256

/**
 * The log of one process, in its data folder: what a turn appends leaves with the folder's group commit, one fsync for
 * all. A record never needs sending again here, so `resent` stays false. A failed commit is fatal for the folder;
 * records it held are refused with CLOSED. Consumers live in the same process, one a group and topic.
 *
 * The log is trimmed at the watermark: batches below the lowest commit of a topic's groups are removed. Session events
 * and dead letters keep a bounded number instead, compacted topics the last record of each key.
 */
export async function openEmbeddedLog(folder: DataFolder): Promise<Log> {
  return new EmbeddedLog(folder)
}

class EmbeddedLog implements Log, AppendTarget {
  readonly #folder: DataFolder
  /** Topic name to id u16, number of partitions u16, and a byte 1 where it is compacted. */
  readonly #directory: Table
  readonly #tables: LogTables
  readonly #topics = new Map<string, Topic>()
  #nextId = 0
  readonly #appenders = new Set<{ close(timeoutMs: number): Promise<void> }>()
  #asking = new Set<EmbeddedAppender>()
  #gathered = new Map<Partition, Topic>()

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#directory = folder.table('topics')
    this.#tables = { records: folder.table('records'), commits: folder.table('commits') }
    this.#load()
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (const spec of topics) this.#check(spec)
    const missing = topics.filter(({ topic }) => !this.#topics.has(topic))
    await this.#folder.commit(transaction => {
      for (const spec of missing) if (!this.#topics.has(spec.topic)) this.#create(transaction, spec)
    })
  }

  appender<R extends LogRecord>(handlers: AppenderHandlers<R>): Appender<R> {
    const appender = new GatheringAppender(this, handlers)
    this.#appenders.add(appender)
    return appender
  }

  async consume(options: ConsumeOptions): Promise<LogConsumer> {
    const topic = this.#existing(options.topic)
    if ([...topic.consumers].some(({ group }) => group === options.group))
      throw new Error(
        `group ${options.group} already reads ${options.topic} in this process: run one worker of a service, or set the Kafka and Redis addresses`,
      )
    const consumer = new EmbeddedConsumer(this.#folder, topic, options, () => topic.consumers.delete(consumer))
    topic.consumers.add(consumer)
    await consumer.start()
    return consumer
  }

  async follow(topic: string, partition: number, handlers: FollowHandlers): Promise<Following> {
    const existing = this.#existing(topic)
    const follower = new EmbeddedFollower(existing.partitions[partition]!, handlers, () => existing.followers.delete(follower))
    existing.followers.add(follower)
    return follower
  }

  async lag(group: string, topic: string): Promise<PartitionLag[]> {
    const existing = this.#existing(topic)
    return existing.partitions.map(({ number, end }) => ({ partition: number, end, committed: existing.committed(group, number) }))
  }

  async partitionsOf(topic: string): Promise<number | undefined> {
    return this.#topics.get(topic)?.partitions.length
  }

  async read(topic: string, partition: number, offset: number, limit: number): Promise<ConsumedRecord[]> {
    return this.#existing(topic).partitions[partition]?.read(offset, limit) ?? []
  }

  async ping(): Promise<void> {
    if (this.#folder.failure) throw this.#folder.failure
  }

  /** Ends what was appended and every consumer; the folder stays open for the other adapters. */
  async close(): Promise<void> {
    await this.#folder.commit().catch(() => {}) // its appenders have been told of a failure, record by record
    await Promise.all([...this.#appenders].map(appender => appender.close(0)))
    for (const topic of this.#topics.values()) await Promise.all([...topic.consumers].map(consumer => consumer.leave()))
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  ask(appender: EmbeddedAppender): void {
    if (this.#asking.size === 0) this.#writeGroup()
    this.#asking.add(appender)
  }

  gathered(topic: Topic, partition: Partition): void {
    this.#gathered.set(partition, topic)
  }

  /** One write for all appenders of a turn: their records, then their handlers, then the readers at the tail. */
  #writeGroup(): void {
    let landings: Landed[] | undefined
    const flights: { topic: Topic; partition: Partition; records: ConsumedRecord[] }[] = []
    const apply = (transaction: Transaction) => {
      const appenders = this.#asking
      this.#asking = new Set()
      const now = Date.now()
      landings = Array.from(appenders, appender => appender.write(now))
      const gathered = this.#gathered
      this.#gathered = new Map()
      for (const [partition, topic] of gathered) {
        flights.push({ topic, partition, records: partition.write(transaction) })
        if (topic.keepsBoundedNumber) topic.trim(transaction, partition)
        topic.compact(transaction, partition, flights.at(-1)!.records)
      }
    }
    this.#folder.write(apply, failure => {
      if (!failure) for (const { partition, records } of flights) partition.end += records.length
      for (const landed of landings ?? []) landed(failure)
      if (failure) {
        this.#endAsking(failure, landings === undefined)
        return
      }
      for (const { topic, partition, records } of flights)
        for (const reader of [...topic.consumers, ...topic.followers]) reader.landed(partition.number, records)
    })
  }

  /** Those whose group was not even begun. */
  #endAsking(failure: Error, unbegun: boolean): void {
    if (!unbegun) return
    const appenders = this.#asking
    this.#asking = new Set()
    for (const appender of appenders) appender.failed(failure)
  }

  #existing(name: string): Topic {
    const topic = this.#topics.get(name)
    if (!topic) throw new Error(`there is no topic ${name}: ensureTopics() comes first`)
    return topic
  }

  #check({ topic: name, partitions, compacted = false }: TopicSpec): void {
    if (!Number.isInteger(Math.log2(partitions)) || partitions > MAX_PARTITIONS)
      throw new Error(`topic ${name}: partitions must be a power of two up to ${MAX_PARTITIONS}, not ${partitions}`)
    const existing = this.#topics.get(name)
    if (existing && existing.partitions.length !== partitions)
      throw new Error(
        `topic ${name} has ${existing.partitions.length} partitions, not ${partitions}: the number is fixed at creation; set CAUSEWAY_PARTITIONS to it, or use another data folder`,
      )
    if (existing && existing.compacted !== compacted)
      throw new Error(`topic ${name} is ${existing.compacted ? '' : 'not '}compacted: that is fixed at creation; use another data folder`)
  }

  #create(transaction: Transaction, { topic: name, partitions, compacted = false }: TopicSpec): void {
    const value = Buffer.alloc(5)
    value.writeUInt16BE(this.#nextId, 0)
    value.writeUInt16BE(partitions, 2)
    value.writeUInt8(Number(compacted), 4)
    transaction.put(this.#directory, Buffer.from(name), value)
    this.#topics.set(name, new Topic(name, this.#nextId++, partitions, this.#tables, compacted))
  }

  #load(): void {
    for (const { key, value } of this.#directory.entries()) {
      const [name, id] = [key.toString('utf8'), value.readUInt16BE(0)]
      this.#topics.set(name, new Topic(name, id, value.readUInt16BE(2), this.#tables, value[4] === 1))
      this.#nextId = Math.max(this.#nextId, id + 1)
    }
    for (const { key, value } of this.#tables.commits.entries()) {
      const { topic, group, partition, offset } = readCommit(key, value)
      this.#topics.get(topic)?.setCommitted(group, partition, offset)
    }
  }
}
