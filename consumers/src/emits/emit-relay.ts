import { within } from '@causeway/backends'
import type { Appender, Log, LogRecord, RefusalReason } from '@causeway/log'
import type { Sessions, WaitingEmit } from '@causeway/sessions'
import type { Logger, Metrics } from '@causeway/telemetry'
import { retrying } from '../backend-retry.ts'
import type { Counters } from '../counters.ts'
import { RELAY_BATCH, RELAYS } from '../effects/limits.ts'
import { EmitTopics } from './emit-topics.ts'

export interface EmitRelayOptions {
  service: string
  sessions: Pick<Sessions, 'emits' | 'relayed' | 'emitsWaiting'>
  log: Pick<Log, 'appender' | 'partitionsOf' | 'ensureTopics'>
  /** Of our own topics, and of those that are made here. */
  partitions: number
  replication: number
  counters: Counters
  logger: Logger
}

interface EmitRecord extends LogRecord {
  settle: (refusal: RefusalReason | undefined) => void
}

/**
 * Brings a service's emits from their outboxes into the log, each bucket's in order: what stands there first is appended first, and taken away only when
 * the log has confirmed it. Two that relay one bucket at a time make repeats, and no gap. What is left behind somebody finds who looks.
 */
export class EmitRelay {
  readonly #options: EmitRelayOptions
  readonly #topics: EmitTopics
  #appender: Appender<EmitRecord> | undefined
  /** Buckets to be read, in order: at most all there are. */
  readonly #due = new Set<number>()
  readonly #running = new Map<number, Promise<void>>()
  #held: readonly number[] = []
  #looking: Promise<void> | undefined
  #closed = false
  /** Emits that waited in the buckets of this worker when they were counted last. */
  waiting = 0

  constructor(options: EmitRelayOptions) {
    this.#options = options
    this.#topics = new EmitTopics(options)
  }

  /** There are emits in a bucket. */
  due(bucket: number): void {
    if (this.#closed) return
    this.#due.add(bucket)
    this.#begin()
  }

  /** The buckets of this worker's partitions: what former owners have left there is its own. */
  assigned(buckets: readonly number[]): void {
    this.#held = buckets
    this.look()
  }

  /** Looks for emits that nobody relays; called by the clock. */
  look(): void {
    if (this.#closed || this.#held.length === 0) return
    this.#looking ??= this.#count().finally(() => {
      this.#looking = undefined
    })
  }

  tell(metrics: Metrics): void {
    const { counters } = this.#options
    metrics.gauge(
      'causeway_worker_emits_waiting',
      'Emits in the outboxes of its partitions, when they were counted last',
      () => this.waiting,
    )
    metrics.counter(
      'causeway_worker_emits_relayed_total',
      'Emits that the log has confirmed, repeats included',
      () => counters.emitsRelayed,
    )
    metrics.counter('causeway_worker_emits_lost_total', 'Emits that the log will never take', () => counters.emitsRefused)
    metrics.counter(
      'causeway_worker_emit_loops_total',
      'Emits refused because as many emits as there may be had led to them',
      () => counters.emitLoops,
    )
    metrics.counter('causeway_worker_emits_full_total', 'Finishes put off because an outbox of emits was full', () => counters.emitsFull)
    metrics.counter(
      'causeway_worker_conflicts_total',
      'Messages handled again because another finish had changed their state',
      () => counters.conflicts,
    )
  }

  async #count(): Promise<void> {
    const { service, sessions, logger } = this.#options
    const buckets = this.#held
    try {
      const counts = await sessions.emitsWaiting(service, buckets)
      this.waiting = counts.reduce((sum, count) => sum + count, 0)
      counts.forEach((count, index) => {
        if (count > 0) this.due(buckets[index])
      })
    } catch (error) {
      logger.debug({ error: (error as Error).message }, 'emits that wait could not be counted; the next look makes up for it')
    }
  }

  #begin(): void {
    for (const bucket of this.#due) {
      if (this.#running.size >= RELAYS) return
      if (this.#running.has(bucket)) continue
      this.#due.delete(bucket)
      const running = this.#relay(bucket).finally(() => {
        this.#running.delete(bucket)
        this.#begin()
      })
      this.#running.set(bucket, running)
    }
  }

  async #relay(bucket: number): Promise<void> {
    const { service, sessions, logger } = this.#options
    try {
      while (!this.#closed) {
        const emits = await retrying('reading emits', logger, () => sessions.emits(service, bucket, RELAY_BATCH))
        if (emits.length === 0) return
        const records = await Promise.all(emits.map(emit => this.#topics.recordOf(emit)))
        const done = (await Promise.all(emits.map((emit, index) => this.#append(emit, records[index])))).filter(id => id !== undefined)
        await retrying('taking emits away', logger, () => sessions.relayed(service, bucket, done))
        if (emits.length < RELAY_BATCH || done.length === 0) return
      }
    } catch (error) {
      this.#options.counters.refusedCalls++
      logger.error({ bucket, error: (error as Error).message }, 'emits can not be relayed just now; the next look tries again')
    }
  }

  /** Its id once the log has it, or never will; undefined where it is left for the next look. */
  async #append({ id, msgId }: WaitingEmit, record: LogRecord | undefined): Promise<string | undefined> {
    const { counters, logger } = this.#options
    if (record === undefined) return undefined
    const refusal = await this.#stored(record)
    if (refusal === 'CLOSED' || refusal === 'EXPIRED') return undefined
    if (refusal === undefined) counters.emitsRelayed++
    else {
      counters.emitsRefused++
      logger.error({ topic: record.topic, source: record.key, msgId, refusal }, 'the log will never take this emit: it is lost')
    }
    return id
  }

  #stored(record: LogRecord): Promise<RefusalReason | undefined> {
    const { promise, resolve } = Promise.withResolvers<RefusalReason | undefined>()
    this.#appenderOf().append({ ...record, settle: resolve })
    return promise
  }

  #appenderOf(): Appender<EmitRecord> {
    this.#appender ??= this.#options.log.appender<EmitRecord>({
      stored: records => {
        for (const record of records) record.settle(undefined)
      },
      refused: (record, reason) => record.settle(reason),
    })
    return this.#appender
  }

  /** Resolves when nothing is due any more: others begin as these end. */
  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running.values())
  }

  /** Relays what is due, at most `timeoutMs`; the rest stays for the next worker. */
  async close(timeoutMs: number): Promise<void> {
    await within(timeoutMs, this.#idle()).catch(() => undefined)
    this.#closed = true
    await this.#appender?.close(0)
    await this.#looking
    await Promise.all(this.#running.values())
  }
}
