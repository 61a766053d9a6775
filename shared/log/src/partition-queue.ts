import { FLIGHT_RECORDS, RECORD_OVERHEAD } from './kafka-limits.ts'
import type { LogRecord } from './log.ts'

/** Taken entries at the front are dropped once there are this many, so that a queue costs its waiting records alone. */
const COMPACT_AT = 1_024

/** Encoded size of a record, a little above the truth. */
const encodedSize = (record: LogRecord): number => record.value.length + record.key.length + record.header.length + RECORD_OVERHEAD

/** Records of one partition in append order: those in flight at the front, the waiting ones behind them. */
export class PartitionQueue<R extends LogRecord> {
  readonly topic: string
  readonly partition: number
  /** Whether a leader has it among its ready ones, or it flies. */
  ready = false
  /** Records at the front that are in the air. */
  inFlight = 0
  /** Records left of a refused flight, among which one is to blame; while above 0 the partition flies alone. */
  suspects = 0
  #cap = FLIGHT_RECORDS
  #records: R[] = []
  #first = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get length(): number {
    return this.#records.length - this.#first
  }

  push(record: R): void {
    this.#records.push(record)
  }

  /** The next records that fit; one too large for any flight is taken where it would fly alone. */
  load(maxRecords: number, maxBytes: number, first: boolean): { records: R[]; bytes: number } {
    const most = Math.min(maxRecords, this.#cap, this.length)
    let bytes = 0
    let count = 0
    while (count < most) {
      const record = this.#records[this.#first + count]
      const size = encodedSize(record)
      if (bytes + size > maxBytes && !(first && count === 0)) break
      bytes += size
      count++
    }
    this.inFlight = count
    return { records: this.#records.slice(this.#first, this.#first + count), bytes }
  }

  /** The flight is over for good: its records leave the queue. */
  confirm(): R[] {
    const taken = this.#records.slice(this.#first, this.#first + this.inFlight)
    this.#first += this.inFlight
    this.suspects = Math.max(0, this.suspects - this.inFlight)
    if (this.suspects === 0) this.#cap = FLIGHT_RECORDS
    this.inFlight = 0
    if (this.#first >= COMPACT_AT || this.#first === this.#records.length) {
      this.#records = this.#records.slice(this.#first)
      this.#first = 0
    }
    return taken
  }

  /** The flight's records stay at the front and are marked as sent before. */
  putBack(): void {
    for (let i = 0; i < this.inFlight; i++) this.#records[this.#first + i].resent = true
    this.inFlight = 0
  }

  /** Kafka blames a record of this flight; `shared` where other partitions flew with it, so that this one may be innocent. */
  suspect(shared: boolean): void {
    const flown = this.inFlight
    this.putBack()
    if (this.suspects === 0) this.suspects = flown
    this.#cap = shared ? flown : Math.max(1, flown >> 1)
  }

  takeExpired(now: number): R[] {
    const waiting = this.takeAll()
    const expired: R[] = []
    for (const record of waiting) (record.deadline <= now ? expired : this.#records).push(record)
    return expired
  }

  takeAll(): R[] {
    const waiting = this.#records.slice(this.#first)
    this.#records = []
    this.#first = 0
    this.inFlight = 0
    return waiting
  }
}
