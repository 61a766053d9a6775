import { setTimeout as sleep } from 'node:timers/promises'
import type { Appender, AppenderHandlers, LogRecord, RefusalReason } from './log.ts'
import { hasStorableTexts, MAX_TEXT_BYTES, storedBytes } from './log-embedded-batch.ts'
import type { Partition } from './log-embedded-partition.ts'
import type { Topic } from './log-embedded-topic.ts'

/** Bytes of the largest record the log takes: the limit that topics are created with on Kafka. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024

/** What an appender needs of its log. */
export interface AppendTarget {
  topic(name: string): Topic | undefined
  /** Asks for a group; the log calls back write() of every appender that asked. */
  ask(appender: EmbeddedAppender): void
  /** Notes that the partition has records for this group. */
  gathered(topic: Topic, partition: Partition): void
}

/** To be told that a group is on disk, or why it isn't. */
export type Landed = (failure: Error | undefined) => void

/** The log's side of an appender, whatever its records are. */
export interface EmbeddedAppender {
  /** Writes what it has gathered. The next group may leave before this one's end is told. */
  write(now: number): Landed
  /** No group is written any more. */
  failed(failure: Error): void
}

interface Refusal {
  reason: RefusalReason
  detail: string
}

interface Refused<R extends LogRecord> extends Refusal {
  record: R
}

/** What left in one group. */
interface Flight<R extends LogRecord> {
  records: R[]
  refused: Refused<R>[]
  /** Of all that was gathered for it. */
  bytes: number
}

/** Gathers what a turn appends; a record is stored once the group that holds it has landed. */
export class GatheringAppender<R extends LogRecord> implements Appender<R>, EmbeddedAppender {
  readonly #log: AppendTarget
  readonly #handlers: AppenderHandlers<R>
  #gathered: R[] = []
  #gatheredBytes = 0
  /** Refused without a look at it. */
  #refused: Refused<R>[] = []
  /** In the air, the first to land first. */
  readonly #flights = new Set<Flight<R>>()
  #isClosed = false
  #ended = Promise.withResolvers<void>()

  constructor(log: AppendTarget, handlers: AppenderHandlers<R>) {
    this.#log = log
    this.#handlers = handlers
  }

  get waitingBytes(): number {
    let bytes = this.#gatheredBytes
    for (const flight of this.#flights) bytes += flight.bytes
    return bytes
  }

  get waitingRecords(): number {
    let records = this.#gathered.length + this.#refused.length
    for (const flight of this.#flights) records += flight.records.length + flight.refused.length
    return records
  }

  append(record: R): void {
    if (this.#isClosed) this.#refused.push({ record, reason: 'CLOSED', detail: 'the appender is closed' })
    else {
      this.#gathered.push(record)
      this.#gatheredBytes += record.value.length + record.header.length
    }
    this.#log.ask(this)
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    if (this.waitingRecords > 0) await Promise.race([this.#ended.promise, sleep(timeoutMs, undefined, { ref: false })])
    this.#refuseAll('the appender was closed before the record was confirmed')
  }

  write(now: number): Landed {
    const flight: Flight<R> = { records: [], refused: this.#refused, bytes: this.#gatheredBytes }
    const gathered = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#refused = []
    this.#flights.add(flight)
    for (const record of gathered) {
      const refusal = this.#admit(record, now)
      if (refusal === undefined) flight.records.push(record)
      else flight.refused.push({ record, ...refusal })
    }
    return failure => this.#landed(flight, failure)
  }

  failed({ message }: Error): void {
    this.#refuseAll(message)
    this.#tellEnded()
  }

  #landed(flight: Flight<R>, failure: Error | undefined): void {
    // what it held was refused where the appender was closed meanwhile, or an earlier group failed
    if (!this.#flights.has(flight)) return
    if (failure !== undefined) {
      this.failed(failure)
      return
    }
    this.#flights.delete(flight)
    if (flight.records.length > 0) this.#handlers.stored(flight.records)
    this.#tell(flight.refused)
    this.#tellEnded()
  }

  #tell(refused: readonly Refused<R>[]): void {
    for (const { record, reason, detail } of refused) this.#handlers.refused(record, reason, detail)
  }

  #tellEnded(): void {
    if (this.#isClosed && this.waitingRecords === 0) this.#ended.resolve()
  }

  /** What waits and what is in the air; what was refused before keeps its reason. */
  #refuseAll(detail: string): void {
    const flights = [...this.#flights]
    const records = [...flights.flatMap(flight => flight.records), ...this.#gathered]
    const refused = [...flights.flatMap(flight => flight.refused), ...this.#refused]
    this.#flights.clear()
    this.#gathered = []
    this.#gatheredBytes = 0
    this.#refused = []
    for (const record of records) this.#handlers.refused(record, 'CLOSED', detail)
    this.#tell(refused)
  }

  /** Why it can't be written; undefined where it is. */
  #admit(record: R, now: number): Refusal | undefined {
    const topic = this.#log.topic(record.topic)
    const partition = topic?.partitions[record.partition]
    if (!topic || !partition)
      return { reason: 'INVALID', detail: `no partition ${record.partition} of topic ${record.topic}: ensureTopics() comes first` }
    if (now > record.deadline) return { reason: 'EXPIRED', detail: 'its deadline passed before it was stored' }
    const size = storedBytes(record)
    if (size > MAX_RECORD_BYTES) return { reason: 'TOO_LARGE', detail: `${size} bytes encoded; a record has at most ${MAX_RECORD_BYTES}` }
    if (size - record.value.length > MAX_TEXT_BYTES && !hasStorableTexts(record))
      return { reason: 'TOO_LARGE', detail: `key, header, traceparent and content type have at most ${MAX_TEXT_BYTES} bytes each` }
    partition.gather(record, size)
    this.#log.gathered(topic, partition)
    return undefined
  }
}
