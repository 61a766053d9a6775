/**
 * Port: the durable log. Records of one partition keep the order in which they were appended; records of one
 * key lie in one partition (the caller computes it). Two adapters: log-kafka.ts and log-embedded.ts.
 *
 * What an adapter promises, and log.conformance.ts proves:
 * - Order: a partition's records are stored in append order. A record that has to be sent again holds back the
 *   later ones of its partition; it never overtakes and is never overtaken.
 * - Durability: `stored` is called for a record only when the log itself has confirmed it (Kafka: acks=all, named in
 *   the reply; embedded: after fsync). An adapter may not infer success from the absence of an error.
 * - Duplicates: a record may be stored more than once, and every copy but the first carries `resent`. Readers absorb them.
 * - Errors: every appended record ends in exactly one of `stored` or `refused`; nothing is dropped.
 */

/** One record as the caller appends it. Callers extend it with fields of their own and get the same object back. */
export interface LogRecord {
  topic: string
  /** Chosen by the caller: partitionOf(bucketOf(key), partitions). */
  partition: number
  key: string
  /** The payload as its sender sent it. Not copied: it must not change until the record has ended. */
  value: Uint8Array
  /** The `causeway` record header. Its last field holds the marks; an adapter that sends again appends `r`. */
  header: string
  traceparent?: string
  contentType?: string
  /** Further record headers; each costs, so the hot path has none. */
  headers?: Readonly<Record<string, string>>
  /** In a compacted topic, with an empty value: takes the earlier records of its key away. Readers see it as an empty value, or not at all. */
  tombstone?: boolean
  /** Unix ms; past it an unconfirmed record is given up (`refused` with EXPIRED: it may still have been stored). */
  deadline: number
  /** Whether it was sent more than once (maintained by the adapter). */
  resent: boolean
}

/** Why a record was not stored: the log will never take it, its deadline passed unconfirmed, or the appender was closed. */
export type RefusalReason = 'TOO_LARGE' | 'INVALID' | 'EXPIRED' | 'CLOSED'

export interface AppenderHandlers<R extends LogRecord> {
  /** Confirmed records, in append order for each partition; called once a flight, not once a record. */
  stored(records: readonly R[]): void
  refused(record: R, reason: RefusalReason, detail: string): void
}

/**
 * Appends with natural batching: what one turn of the event loop appends leaves together at its end, one flight a
 * partition leader in the air, the next gathers behind it. No timer, so a record alone leaves at once.
 */
export interface Appender<R extends LogRecord> {
  append(record: R): void
  /** Bytes appended and neither stored nor refused; the caller bounds it. */
  readonly waitingBytes: number
  readonly waitingRecords: number
  /** Waits until everything appended has ended, at most `timeoutMs`; the rest, and what is appended later, is refused with CLOSED. */
  close(timeoutMs: number): Promise<void>
}

export interface ConsumedRecord {
  partition: number
  offset: number
  key: string
  value: Uint8Array
  header: string
  /** Unix ms at which it was appended, where the log knows: by the clock of whoever appended it. */
  appendedAt?: number
  traceparent?: string
  contentType?: string
  /** Further record headers, where there are any. */
  headers?: Readonly<Record<string, string>>
}

export interface ConsumerHandlers {
  /**
   * A new assignment; whatever was known of partitions before is void (every generation is a take-over).
   * Records come only after the returned promise resolves.
   */
  assigned(partitions: readonly number[]): Promise<void>
  /** Polled records of one partition, in offset order. The adapter polls on; the reader slows it by pause(). */
  records(partition: number, records: readonly ConsumedRecord[]): void
  /** The assignment ends: stop dispatching, let what runs finish (at most 1 s), commit by the consumer's commit(). */
  revoked(): Promise<void>
}

export interface ConsumeOptions {
  /** Consumer group, one a service. It begins at what it has committed, a new one at the first record kept. */
  group: string
  topic: string
  handlers: ConsumerHandlers
}

export interface LogConsumer {
  /** Stores the next offset to read of each partition. Only partitions of the present assignment are sent; a late one is dropped. */
  commit(offsets: ReadonlyMap<number, number>): Promise<void>
  pause(partitions: readonly number[]): void
  resume(partitions: readonly number[]): void
  /** Leaves the group at once, so that its partitions are served elsewhere without waiting for a time-out. The caller ends; revoked() is not called. */
  leave(): Promise<void>
}

export interface TopicSpec {
  topic: string
  /** A power of two, at most 256; fixed at creation. */
  partitions: number
  /** Default 1. */
  replication?: number
  /** Keeps the last record of each key for good, whoever has read it; earlier ones go sooner or later. Default: kept for a time, or until read. */
  compacted?: boolean
}

export interface FollowHandlers {
  /** In offset order: what is kept, from the first record on, then each as it is stored. Where compaction went by there are gaps. */
  records(records: readonly ConsumedRecord[]): void
  /** Everything that was stored when following began has been given. Called once. */
  caughtUp(): void
}

export interface Following {
  /** No handler is called any more. */
  close(): Promise<void>
}

export interface PartitionLag {
  partition: number
  /** Offset of the next record to be appended. */
  end: number
  /** Next offset to read of the group; undefined where it has committed nothing. */
  committed: number | undefined
}

export interface Log {
  /** Creates what is missing. Throws where an existing topic has another number of partitions, takes smaller records, or is not compacted though it should be. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>
  appender<R extends LogRecord>(handlers: AppenderHandlers<R>): Appender<R>
  consume(options: ConsumeOptions): Promise<LogConsumer>
  /**
   * Gives every record of a partition to this reader, whoever else reads it: no group, nothing committed. Resolves at once; while the log is away it is
   * tried again, and no record is given twice; where the log has lost its end, or the topic was made anew, it is given from the beginning.
   */
  follow(topic: string, partition: number, handlers: FollowHandlers): Promise<Following>
  lag(group: string, topic: string): Promise<PartitionLag[]>
  /** How many a topic has; undefined where there is none of that name. */
  partitionsOf(topic: string): Promise<number | undefined>
  /** Reads records from an offset without a group, at most `limit`; for operators and tests. */
  read(topic: string, partition: number, offset: number, limit: number): Promise<ConsumedRecord[]>
  /** Rejects when the log cannot be reached. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Topic of a service's requests. */
export const requestsTopic = (service: string): string => `causeway.${service}.requests`
/** Topic of a service's dead letters. */
export const deadLetterTopic = (service: string): string => `causeway.${service}.requests-dlt`
/** Topic of the central configuration: compacted, one partition. */
export const CONFIG_TOPIC = 'causeway.config'
/** Topic of session events (opened, resumed, closed). */
export const EVENTS_TOPIC = 'causeway.events'
