import { type Appender, EVENTS_TOPIC, type Log, type LogRecord } from '@causeway/log'
import { bucketOf, Codec, encodeRecordHeader, isOwnSession, partitionOf } from '@causeway/protocol'
import type { Picture } from '@causeway/registry'
import type { Logger } from '@causeway/telemetry'
import type { Health } from './health.ts'
import { EVENT_APPEND_MS, EVENT_GRACE_MS, EVENT_TOPIC_CHECK_MS, EVENTS_WAITING } from './limits.ts'

export type SessionEventName = 'session.opened' | 'session.resumed' | 'session.closed'

const NAMES: readonly SessionEventName[] = ['session.opened', 'session.resumed', 'session.closed']
/**
 * Beyond every number of a client's messages (MAX_NUMBER), so that what is known by session and number (dead letters, effects) is not taken for one's; within
 * the four bytes that numbers have in keys.
 */
const numberOf = (name: SessionEventName, epoch: number): number => 2 ** 31 + 2 ** 29 * NAMES.indexOf(name) + (epoch % 2 ** 29)

/** Whose event it is. */
export interface EventSession {
  id: string
  principal: string
  epoch: number
  incarnation: string
}

export interface SessionEventsOptions {
  gateway: string
  log: Log
  partitions: number
  replication: number
  health: Pick<Health, 'fault' | 'mended'>
  logger: Logger
}

const TOPIC = 'topic of session events'

/**
 * Writes session events to the log while some service wants them, or has wanted them lately; else nothing. A record is written after what it tells
 * has taken effect in the store: a gateway that dies in between leaves it out. What is written may come twice.
 */
export class SessionEvents {
  readonly #options: SessionEventsOptions
  /** Unix ms up to which each event is wanted; Infinity while somebody lives that wants it. */
  #wantedUntil = new Map<string, number>()
  #topic: 'unknown' | 'looking' | 'ready' = 'unknown'
  /** Until the topic has been looked at. */
  #early: LogRecord[] = []
  #appender: Appender<LogRecord> | undefined
  #closed = false
  readonly written: Record<string, number> = {}
  /** Not written, or not known to be. */
  dropped = 0

  constructor(options: SessionEventsOptions) {
    this.#options = options
  }

  follow({ events, workers }: Picture): void {
    const live = new Set(workers.flatMap(worker => worker.events ?? []))
    this.#wantedUntil = new Map()
    for (const { name, lastSeen } of events) {
      const until = live.has(name) ? Number.POSITIVE_INFINITY : lastSeen + EVENT_GRACE_MS
      this.#wantedUntil.set(name, Math.max(until, this.#wantedUntil.get(name) ?? 0))
    }
    if (this.#wantedUntil.size > 0) this.#look()
  }

  opened(session: EventSession): void {
    this.#write('session.opened', session)
  }

  resumed(session: EventSession): void {
    this.#write('session.resumed', session)
  }

  /** `expired`: nobody resumed it in time; `operator`: by hand. */
  closed(session: EventSession, reason: 'expired' | 'operator'): void {
    this.#write('session.closed', session, reason)
  }

  get waiting(): number {
    return this.#early.length + (this.#appender?.waitingRecords ?? 0)
  }

  #write(name: SessionEventName, session: EventSession, reason?: string): void {
    if (isOwnSession(session.id)) return
    const until = this.#wantedUntil.get(name)
    const at = Date.now()
    if (until === undefined || until < at || this.#closed) return
    if (this.waiting >= EVENTS_WAITING) this.#drop(1, 'too many wait for the log')
    else if (this.#appender === undefined) this.#early.push(this.#record(name, session, at, reason))
    else this.#append(this.#record(name, session, at, reason))
  }

  #append(record: LogRecord): void {
    this.#appender!.append(record)
  }

  #record(name: SessionEventName, { id, principal, epoch, incarnation }: EventSession, at: number, reason?: string): LogRecord {
    const { gateway, partitions } = this.#options
    const told = { event: name, session: id, principal, gateway, at, epoch, reason }
    const header = encodeRecordHeader({
      ...{ msgId: numberOf(name, epoch), prev: 0, kind: 'event', route: name, codec: Codec.JSON, opcode: 0, deadline: 0, resent: false },
      ...{ gateway, epoch, incarnation, principal, key: `${id}/${name}/${epoch}` },
    })
    this.written[name] = (this.written[name] ?? 0) + 1
    return {
      ...{ topic: EVENTS_TOPIC, partition: partitionOf(bucketOf(id), partitions), key: id, header, resent: false },
      value: Buffer.from(JSON.stringify(told)),
      deadline: at + EVENT_APPEND_MS,
    }
  }

  /** The workers that want events have made it. With other partitions than this gateway counts, order would break: it is not ready then. */
  #look(): void {
    if (this.#topic !== 'unknown' || this.#closed) return
    this.#topic = 'looking'
    const { log, partitions, replication, health } = this.#options
    log.ensureTopics([{ topic: EVENTS_TOPIC, partitions, replication }]).then(
      () => this.#ready(),
      error => {
        this.#topic = 'unknown'
        health.fault(TOPIC, (error as Error).message)
        setTimeout(() => this.#look(), EVENT_TOPIC_CHECK_MS).unref()
      },
    )
  }

  #ready(): void {
    this.#topic = 'ready'
    this.#options.health.mended(TOPIC)
    if (this.#closed) return
    this.#appender = this.#options.log.appender({
      stored: () => undefined,
      refused: (_record, reason, detail) => this.#drop(1, `${reason}: ${detail}`),
    })
    for (const record of this.#early.splice(0)) this.#append(record)
  }

  #drop(count: number, why: string): void {
    if (this.dropped === 0 || Math.floor((this.dropped + count) / 1_000) > Math.floor(this.dropped / 1_000))
      this.#options.logger.error({ why, dropped: this.dropped + count }, 'session events could not be written')
    this.dropped += count
  }

  /** Waits until what is on its way has been written, at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    await this.#appender?.close(timeoutMs)
  }
}
