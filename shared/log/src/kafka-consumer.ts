import type { Logger } from '@causeway/telemetry'
import type { Batch, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { DRAIN_MS, FETCH_WAIT_MS, HEARTBEAT_MS, REBALANCE_TIMEOUT_MS, SESSION_TIMEOUT_MS } from './kafka-limits.ts'
import { recordsOf } from './kafkajs-fetch.ts'
import type { ConsumedRecord, ConsumeOptions, LogConsumer } from './log.ts'

/** Wait before a consumer that crashed joins again, ms. */
const RESTART_MS = 1_000
/** Partitions whose batches kafkajs hands over side by side. */
const PARTITIONS_CONCURRENTLY = 16

/**
 * A group member on kafkajs. It has no hook before a revoke: REBALANCING is emitted and the member joins at once; so every
 * generation is a take-over, and kafkajs is held in its `eachBatch` while what runs drains.
 */
export async function consumeKafka(kafka: Kafka, options: ConsumeOptions, logger: Logger): Promise<LogConsumer> {
  const consumer = kafka.consumer({
    groupId: options.group,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    minBytes: 1,
    allowAutoTopicCreation: false,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: RESTART_MS, restartOnFailure: async () => true },
  })
  const member = new KafkaMember(consumer, options, logger)
  await member.start()
  return member
}

/** The offset that was asked for, which kafkajs's types leave out. */
const fetchedFrom = (batch: Batch): number => Number((batch as Batch & { fetchedOffset: string }).fetchedOffset)

class KafkaMember implements LogConsumer {
  readonly #consumer: Consumer
  readonly #options: ConsumeOptions
  readonly #logger: Logger
  #assigned = new Set<number>()
  /** Resolves when the reader has taken the present assignment over; batches wait for it. */
  #taken: Promise<void> = Promise.resolve()
  #generation = 0
  readonly #paused = new Set<number>()
  #committing: Promise<void> = Promise.resolve()
  /** Commits once, as the member that read the last batch: kafkajs's other call goes on trying, and after a new join it would do so as another member. */
  #commitAsReader: EachBatchPayload['commitOffsetsIfNecessary'] | undefined

  constructor(consumer: Consumer, options: ConsumeOptions, logger: Logger) {
    this.#consumer = consumer
    this.#options = options
    this.#logger = logger
  }

  async start(): Promise<void> {
    const { events } = this.#consumer
    this.#consumer.on(events.REBALANCING, () => this.#revoke())
    this.#consumer.on(events.GROUP_JOIN, event => this.#assign(event.payload.memberAssignment[this.#options.topic] ?? []))
    this.#consumer.on(events.CRASH, event => {
      this.#revoke()
      this.#logger.warn({ group: this.#options.group, error: event.payload.error.message }, 'log: the consumer failed and starts again')
    })
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topic: this.#options.topic, fromBeginning: true })
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_CONCURRENTLY,
      eachBatch: payload => this.#batch(payload),
    })
  }

  #revoke(): void {
    if (this.#assigned.size === 0) return
    this.#generation++
    const drained = this.#options.handlers
      .revoked()
      .catch(error => this.#logger.error({ error }, 'log: draining revoked partitions failed'))
    const limit = new Promise<void>(resolve => setTimeout(resolve, DRAIN_MS).unref())
    this.#taken = Promise.race([drained, limit])
  }

  #assign(partitions: readonly number[]): void {
    const generation = ++this.#generation
    this.#assigned = new Set(partitions)
    // kafkajs keeps its pauses across generations; the reader that takes over knows of none
    this.resume([...this.#paused])
    this.#taken = this.#taken.then(async () => {
      if (generation !== this.#generation) return
      await this.#options.handlers.assigned(partitions)
    })
    this.#taken.catch(error => this.#logger.error({ error: (error as Error).message }, 'log: taking an assignment over failed'))
  }

  async #batch({ batch, resolveOffset, isRunning, isStale, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    const generation = this.#generation
    await this.#taken
    if (generation !== this.#generation || !isRunning() || isStale() || !this.#assigned.has(batch.partition)) return
    this.#commitAsReader = commitOffsetsIfNecessary
    const records: ConsumedRecord[] = []
    const from = fetchedFrom(batch)
    for (const message of batch.messages) for (const record of recordsOf(batch.partition, message, from)) records.push(record)
    if (records.length > 0) this.#options.handlers.records(batch.partition, records)
    resolveOffset(batch.lastOffset())
  }

  /** One after another, and each tried once: what an assignment that has ended would commit late could lie behind its successor's. */
  commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const generation = this.#generation
    const commit = (): Promise<void> => this.#commit(offsets, generation)
    this.#committing = this.#committing.then(commit, commit)
    return this.#committing
  }

  async #commit(offsets: ReadonlyMap<number, number>, generation: number): Promise<void> {
    if (generation !== this.#generation) throw new Error('offsets of an assignment that has ended are not committed')
    const partitions = [...offsets]
      .filter(([partition]) => this.#assigned.has(partition))
      .map(([partition, offset]) => ({ partition, offset: String(offset) }))
    if (partitions.length > 0) await this.#commitAsReader?.({ topics: [{ topic: this.#options.topic, partitions }] })
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) this.#paused.add(partition)
    this.#consumer.pause([{ topic: this.#options.topic, partitions: [...partitions] }])
  }

  resume(partitions: readonly number[]): void {
    const held = partitions.filter(partition => this.#paused.delete(partition))
    if (held.length > 0) this.#consumer.resume([{ topic: this.#options.topic, partitions: held }])
  }

  async leave(): Promise<void> {
    this.#generation++
    this.#assigned = new Set()
    await this.#consumer.disconnect()
  }
}
