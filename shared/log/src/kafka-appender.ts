import type { Logger } from '@causeway/telemetry'
import { type FlightSender, type PartitionBatch, RecordRefused } from './flight-sender.ts'
import { FLIGHT_BYTES, FLIGHT_RECORDS, RESEND_MAX_MS, RESEND_MIN_MS } from './kafka-limits.ts'
import type { Appender, AppenderHandlers, LogRecord, RefusalReason } from './log.ts'
import { PartitionQueue } from './partition-queue.ts'

/** The leader of a partition that has none just now. */
const NO_LEADER = -1

/** Who leads which partition. */
export interface Leaders {
  /** Node id, or undefined where it is not known or there is none. */
  leaderOf(topic: string, partition: number): number | undefined
  refresh(topics: readonly string[]): Promise<void>
}

interface Leader<R extends LogRecord> {
  /** Partitions with records to send, in the order they became ready. */
  ready: PartitionQueue<R>[]
  flying: boolean
}

interface Flight<R extends LogRecord> {
  queues: PartitionQueue<R>[]
  batches: PartitionBatch<R>[]
}

/**
 * Natural batching over a FlightSender: the records of a turn leave together, one flight a leader in the air. What failed or is
 * unknown stays at the front of its partition's queue and is sent again, marked `resent`, until Kafka names it or its deadline ends it.
 */
export class KafkaAppender<R extends LogRecord> implements Appender<R> {
  readonly #sender: FlightSender
  readonly #leaders: Leaders
  readonly #handlers: AppenderHandlers<R>
  readonly #logger: Logger
  readonly #queues = new Map<string, PartitionQueue<R>[]>()
  readonly #byLeader = new Map<number, Leader<R>>()
  /** Topics whose leaders have been asked for. */
  readonly #lookedUp = new Set<string>()
  #scheduled = false
  #failures = 0
  #pause: NodeJS.Timeout | undefined
  #closed = false
  #idle: (() => void) | undefined
  waitingBytes = 0
  waitingRecords = 0

  constructor(sender: FlightSender, leaders: Leaders, handlers: AppenderHandlers<R>, logger: Logger) {
    this.#sender = sender
    this.#leaders = leaders
    this.#handlers = handlers
    this.#logger = logger
  }

  append(record: R): void {
    if (this.#closed) {
      this.#handlers.refused(record, 'CLOSED', 'the appender is closed')
      return
    }
    const queue = this.#queueOf(record.topic, record.partition)
    queue.push(record)
    this.waitingRecords++
    this.waitingBytes += record.value.length
    if (!queue.ready) this.#makeReady(queue)
    if (!this.#scheduled && this.#pause === undefined) this.#schedule()
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    if (this.waitingRecords > 0) {
      const done = new Promise<void>(resolve => {
        this.#idle = resolve
      })
      const timer = setTimeout(() => this.#idle?.(), timeoutMs)
      await done
      clearTimeout(timer)
    }
    clearTimeout(this.#pause)
    const left = [...this.#queues.values()].flat().flatMap(queue => queue?.takeAll() ?? [])
    for (const record of left) this.#refuse(record, 'CLOSED', 'the process ended before Kafka confirmed it')
    await this.#sender.close()
  }

  #queueOf(topic: string, partition: number): PartitionQueue<R> {
    let queues = this.#queues.get(topic)
    if (queues === undefined) {
      queues = []
      this.#queues.set(topic, queues)
    }
    queues[partition] ??= new PartitionQueue(topic, partition)
    return queues[partition]
  }

  #makeReady(queue: PartitionQueue<R>): void {
    queue.ready = true
    const id = this.#leaders.leaderOf(queue.topic, queue.partition) ?? NO_LEADER
    let leader = this.#byLeader.get(id)
    if (leader === undefined) {
      leader = { ready: [], flying: false }
      this.#byLeader.set(id, leader)
    }
    leader.ready.push(queue)
  }

  /** Flights leave at the end of the turn, so that all it decoded flies together. */
  #schedule(): void {
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      for (const [id, leader] of this.#byLeader) {
        if (leader.flying || leader.ready.length === 0) continue
        if (id === NO_LEADER) this.#withoutLeader(leader)
        else this.#launch(leader)
      }
    })
  }

  /** A topic's first records find no leader known: it is asked for at once. Later it means that there is none just now. */
  #withoutLeader(leader: Leader<R>): void {
    if (leader.ready.some(queue => !this.#lookedUp.has(queue.topic))) {
      for (const queue of leader.ready) this.#lookedUp.add(queue.topic)
      this.#pause = setTimeout(() => void this.#retry(), 0)
    } else this.#backOff(leader, new Error('no leader is known for some partitions'))
  }

  #launch(leader: Leader<R>): void {
    const flight = this.#load(leader)
    if (flight.batches.length === 0) return
    leader.flying = true
    this.#sender.send(flight.batches).then(
      stored => this.#landed(leader, flight, stored),
      error => this.#failed(leader, flight, error),
    )
  }

  /** Takes whole queues while they fit, and leaves the rest ready for the next flight. */
  #load(leader: Leader<R>): Flight<R> {
    const queues: PartitionQueue<R>[] = []
    const batches: PartitionBatch<R>[] = []
    const rest: PartitionQueue<R>[] = []
    let records = FLIGHT_RECORDS
    let bytes = FLIGHT_BYTES
    for (const queue of leader.ready) {
      const alone = queue.suspects > 0
      if (records <= 0 || bytes <= 0 || (alone && batches.length > 0)) {
        rest.push(queue)
        continue
      }
      const taken = queue.load(records, bytes, batches.length === 0)
      if (taken.records.length === 0) {
        rest.push(queue)
        continue
      }
      records -= taken.records.length
      bytes -= taken.bytes
      queues.push(queue)
      batches.push({ topic: queue.topic, partition: queue.partition, records: taken.records })
      if (alone) bytes = 0
    }
    leader.ready = rest
    return { queues, batches }
  }

  #landed(leader: Leader<R>, flight: Flight<R>, stored: ReadonlySet<string>): void {
    const confirmed: R[] = []
    let unnamed = 0
    for (const queue of flight.queues) {
      if (stored.has(`${queue.topic}:${queue.partition}`)) {
        for (const record of queue.confirm()) confirmed.push(record)
      } else {
        queue.putBack()
        unnamed++
      }
    }
    for (const record of confirmed) this.waitingBytes -= record.value.length
    this.waitingRecords -= confirmed.length
    leader.flying = false
    this.#requeue(flight.queues)
    if (confirmed.length > 0) this.#handlers.stored(confirmed)
    if (unnamed > 0) this.#backOff(leader, new Error(`${unnamed} partitions are missing from Kafka's reply`))
    else this.#next(leader)
  }

  #next(leader: Leader<R>): void {
    this.#failures = 0
    if (leader.ready.length > 0) this.#launch(leader)
    else if (this.#closed && this.waitingRecords === 0) this.#idle?.()
    if (this.#otherIsReady(leader) && !this.#scheduled && this.#pause === undefined) this.#schedule()
  }

  /** A queue of this flight may have moved to a leader that has nothing in the air, whose own end would launch it. */
  #otherIsReady(leader: Leader<R>): boolean {
    for (const other of this.#byLeader.values()) if (other !== leader && !other.flying && other.ready.length > 0) return true
    return false
  }

  #failed(leader: Leader<R>, flight: Flight<R>, error: unknown): void {
    leader.flying = false
    if (error instanceof RecordRefused) {
      this.#isolate(flight, error)
      this.#requeue(flight.queues)
      this.#next(leader)
      return
    }
    for (const queue of flight.queues) queue.putBack()
    this.#requeue(flight.queues)
    this.#backOff(leader, error)
  }

  /** One record of this flight is to blame: its partitions fly alone and halved, until it flies by itself and is refused. */
  #isolate(flight: Flight<R>, error: RecordRefused): void {
    const only = flight.queues.length === 1 ? flight.queues[0] : undefined
    if (only !== undefined && only.inFlight === 1) {
      for (const record of only.confirm()) this.#refuse(record, error.reason, `Kafka refuses it: ${(error.cause as Error)?.message}`)
      return
    }
    for (const queue of flight.queues) queue.suspect(only === undefined)
  }

  #requeue(queues: readonly PartitionQueue<R>[]): void {
    for (const queue of queues) {
      queue.ready = false
      if (queue.length > 0) this.#makeReady(queue)
    }
  }

  /** Ends what is past its deadline, reads the leaders again and tries once more after a wait. */
  #backOff(leader: Leader<R>, error: unknown): void {
    const now = Date.now()
    for (const queue of leader.ready) {
      for (const record of queue.takeExpired(now))
        this.#refuse(record, 'EXPIRED', `Kafka did not confirm it in time: ${(error as Error).message}`)
    }
    if (this.#pause !== undefined) return
    const wait = Math.min(RESEND_MIN_MS * 2 ** this.#failures++, RESEND_MAX_MS) * (0.5 + Math.random() / 2)
    if (this.#failures === 1 || this.#failures % 10 === 0) {
      this.#logger.warn(
        { error: (error as Error).message, failures: this.#failures, waiting: this.waitingRecords },
        'log: a flight failed, sending again',
      )
    }
    this.#pause = setTimeout(() => void this.#retry(), wait)
  }

  async #retry(): Promise<void> {
    const topics = [...this.#queues.keys()]
    await this.#sender.forgetMetadata().catch(() => undefined)
    await this.#leaders
      .refresh(topics)
      .catch(error => this.#logger.debug({ error: (error as Error).message }, 'log: leaders cannot be read'))
    this.#pause = undefined
    const waiting = [...this.#byLeader.values()].flatMap(leader => (leader.flying ? [] : leader.ready))
    for (const leader of this.#byLeader.values()) if (!leader.flying) leader.ready = []
    this.#requeue(waiting)
    this.#schedule()
  }

  #refuse(record: R, reason: RefusalReason, detail: string): void {
    this.waitingRecords--
    this.waitingBytes -= record.value.length
    this.#handlers.refused(record, reason, detail)
    if (this.#closed && this.waitingRecords === 0) this.#idle?.()
  }
}
