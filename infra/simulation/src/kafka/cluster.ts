import { type Event, type EventLoop, SimulatedProcess } from '../event-loop.ts'
import { Group, ProtocolRefusal } from './group.ts'

/** Times of one way between a process and a broker, ms; mostly near the first. */
const LEAST_MS = 0.2
const MOST_MS = 15
/** How long a client waits for an answer before it calls the connection broken, ms (kafkajs-client.ts). */
const REQUEST_TIMEOUT_MS = 10_000
/** Records of one fetched batch. */
const FETCH_RECORDS = 50
const BROKERS = [1, 2]

export interface KafkaRecord {
  key: Buffer
  value: Buffer
  headers: Record<string, Buffer>
  /** Unix ms of its append. */
  timestamp: number
}

interface Partition {
  records: KafkaRecord[]
  leader: number
}

/** How often requests end badly, each as a probability; from the seed. */
export interface KafkaTrouble {
  /** It never arrives. */
  lost: number
  /** It is done, and its answer never comes. */
  unanswered: number
  /** It arrives after its sender has given it up. */
  late: number
}

export const NO_TROUBLE: KafkaTrouble = { lost: 0, unanswered: 0, late: 0 }

/** An error about a connection, as kafkajs names them. */
const connectionError = (name: string, text: string): Error => Object.assign(new Error(text), { name })

type Answer<T> = (result: T | Error) => void

/** A Kafka cluster in memory: topics, two leaders, groups; and the way to it, on which requests and answers get lost. */
export class KafkaCluster {
  readonly process = new SimulatedProcess('kafka')
  readonly loop: EventLoop
  readonly topics = new Map<string, Partition[]>()
  readonly #groups = new Map<string, Group>()
  readonly #appended = new Set<() => void>()
  trouble = NO_TROUBLE
  /** Simulated ms until which nobody reaches it. */
  awayUntil = 0

  constructor(loop: EventLoop) {
    this.loop = loop
  }

  /** A request of the present process: what it does at the broker may end later, by `answer`. */
  request<T>(perform: (answer: Answer<T>) => void): Promise<T> {
    const { loop } = this
    const { random, current } = loop
    return new Promise((resolve, reject) => {
      let over = false
      const end = (delay: number, result: () => T | Error): Event =>
        loop.after(delay, current, () => {
          if (over) return
          over = true
          timeout.action = undefined
          const ended = result()
          if (ended instanceof Error) reject(ended)
          else resolve(ended)
        })
      const timeout = end(REQUEST_TIMEOUT_MS, () => connectionError('KafkaJSRequestTimeoutError', 'Request timed out'))
      const way = (): number => random.skewed(LEAST_MS, MOST_MS)
      const broken = (): Event => end(random.between(1, 500), () => connectionError('KafkaJSConnectionError', 'Closed connection'))
      if (loop.now < this.awayUntil || random.chance(this.trouble.lost)) {
        broken()
        return
      }
      const late = random.chance(this.trouble.late)
      const arrival = late ? REQUEST_TIMEOUT_MS + random.between(0, 3_000) : way()
      loop.after(arrival, this.process, () => {
        if (loop.now < this.awayUntil) broken()
        else if (random.chance(this.trouble.unanswered)) {
          this.#perform(perform, () => undefined)
          broken()
        } else this.#perform(perform, result => end(way(), () => result))
      })
    })
  }

  #perform<T>(perform: (answer: Answer<T>) => void, answer: Answer<T>): void {
    try {
      perform(answer)
    } catch (error) {
      answer(error as Error)
    }
  }

  create(topic: string, partitions: number): void {
    if (this.topics.has(topic)) return
    const made = Array.from({ length: partitions }, (): Partition => ({ records: [], leader: this.loop.random.pick(BROKERS) }))
    this.topics.set(topic, made)
  }

  partition(topic: string, partition: number): Partition {
    const found = this.topics.get(topic)?.[partition]
    if (found === undefined) throw new ProtocolRefusal('UNKNOWN_TOPIC_OR_PARTITION')
    return found
  }

  append(topic: string, partition: number, records: readonly Omit<KafkaRecord, 'timestamp'>[]): void {
    const timestamp = Math.floor(this.loop.now)
    for (const record of records) this.partition(topic, partition).records.push({ ...record, timestamp })
    for (const listener of [...this.#appended]) listener()
  }

  /** Another broker leads a partition. */
  moveLeader(topic: string, partition: number): void {
    const found = this.partition(topic, partition)
    found.leader = found.leader === BROKERS[0] ? BROKERS[1]! : BROKERS[0]!
  }

  /** Answers once a partition has something at its position, or after `waitMs`. */
  fetch(
    topic: string,
    positions: ReadonlyMap<number, number>,
    waitMs: number,
    answer: (batches: { partition: number; first: number; records: KafkaRecord[] }[]) => void,
  ): void {
    const read = () =>
      [...positions].map(([partition, first]) => ({
        partition,
        first,
        records: this.partition(topic, partition).records.slice(first, first + FETCH_RECORDS),
      }))
    let over = false
    const look = (last: boolean): void => {
      if (over) return
      const batches = read()
      if (!last && batches.every(({ records }) => records.length === 0)) return
      over = true
      this.#appended.delete(listener)
      answer(batches)
    }
    const listener = (): void => look(false)
    this.#appended.add(listener)
    look(false)
    if (!over) this.loop.after(waitMs, this.process, () => look(true))
  }

  group(name: string, topic: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = new Group(this.loop, this.process, () => this.topics.get(topic)?.length ?? 0)
      this.#groups.set(name, group)
    }
    return group
  }
}
