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
  /** Asks for a group; the log calls back write() and landed() of every appender that asked. */
  ask(appender: EmbeddedAppender): void
  /** Notes that the partition has records for this group. */
  gathered(topic: Topic, partition: Partition): void
}

interface Refusal {
  record: LogRecord
  reason: RefusalReason
  detail: string
}

/** The log's side of an appender, whatever its records are. */
export interface EmbeddedAppender {
  write(now: number): void
  landed(failure: Error | undefined): void
}

/** Gathers what a turn appends; a record is stored once the group that holds it has landed. */
export class GatheringAppender<R extends LogRecord> implements Appender<R>, EmbeddedAppender {
  readonly #log: AppendTarget
  readonly #handlers: AppenderHandlers<R>
  #gathered: R[] = []
  #inTheAir: R[] = []
  #refused: (Refusal & { record: R })[] = []
  /** Of `#gathered` and `#inTheAir`; a flight's are taken off together. */
  #gatheredBytes = 0
  #flyingBytes = 0
  #isClosed = false
  #ended = Promise.withResolvers<void>()

  constructor(log: AppendTarget, handlers: AppenderHandlers<R>) {
    this.#log = log
    this.#handlers = handlers
  }

  get waitingBytes(): number {
    return this.#gatheredBytes + this.#flyingBytes
  }

  get waitingRecords(): number {
    return this.#gathered.length + this.#inTheAir.length + this.#refused.length
  }

  append(record: R): void {
    if (this.#isClosed) this.#refuse(record, 'CLOSED', 'the appender is closed')
    else {
      this.#gathered.push(record)
      this.#gatheredBytes += record.value.length + record.header.length
    }
    this.#log.ask(this)
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    if (this.waitingRecords > 0) await Promise.race([this.#ended.promise, sleep(timeoutMs, undefined, { ref: false })])
    for (const record of this.#takeWaiting())
      this.#handlers.refused(record, 'CLOSED', 'the appender was closed before the record was confirmed')
  }

  write(now: number): void {
    const gathered = this.#gathered
    this.#gathered = []
    this.#flyingBytes = this.#gatheredBytes
    this.#gatheredBytes = 0
    for (const record of gathered) if (this.#admit(record, now)) this.#inTheAir.push(record)
  }

  landed(failure: Error | undefined): void {
    if (failure) this.#fail(failure)
    else this.#confirm()
    const refused = this.#refused
    this.#refused = []
    for (const { record, reason, detail } of refused) this.#handlers.refused(record, reason, detail)
    if (this.#isClosed && this.waitingRecords === 0) this.#ended.resolve()
  }

  #confirm(): void {
    const stored = this.#inTheAir
    this.#inTheAir = []
    this.#flyingBytes = 0
    if (stored.length > 0) this.#handlers.stored(stored)
  }

  /** After a failure no later group is written: everything that waits ends with this one. */
  #fail(failure: Error): void {
    for (const record of this.#takeWaiting()) this.#refuse(record, 'CLOSED', failure.message)
  }

  #takeWaiting(): R[] {
    const waiting = [...this.#inTheAir, ...this.#gathered]
    this.#inTheAir = []
    this.#gathered = []
    this.#flyingBytes = 0
    this.#gatheredBytes = 0
    return waiting
  }

  #admit(record: R, now: number): boolean {
    const topic = this.#log.topic(record.topic)
    const partition = topic?.partitions[record.partition]
    if (!topic || !partition)
      return this.#refuse(record, 'INVALID', `no partition ${record.partition} of topic ${record.topic}: ensureTopics() comes first`)
    if (now > record.deadline) return this.#refuse(record, 'EXPIRED', 'its deadline passed before it was stored')
    const size = storedBytes(record)
    if (size > MAX_RECORD_BYTES) return this.#refuse(record, 'TOO_LARGE', `${size} bytes encoded; a record has at most ${MAX_RECORD_BYTES}`)
    if (size - record.value.length > MAX_TEXT_BYTES && !hasStorableTexts(record))
      return this.#refuse(record, 'TOO_LARGE', `key, header, traceparent and content type have at most ${MAX_TEXT_BYTES} bytes each`)
    partition.gather(record, size)
    this.#log.gathered(topic, partition)
    return true
  }

  #refuse(record: R, reason: RefusalReason, detail: string): false {
    this.#refused.push({ record, reason, detail })
    return false
  }
}
