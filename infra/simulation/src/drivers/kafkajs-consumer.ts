import type { KafkaRecord } from '../kafka/cluster.ts'
import { type Assignment, type Group, ProtocolRefusal } from '../kafka/group.ts'
import { world } from '../world.ts'

/** Waits between tries that kafkajs makes by itself, ms, and how many it makes. */
const RETRY_MS = 100
const RETRIES = 5

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const nothing = async (): Promise<void> => {}

type EachMessage = (payload: { partition: number; message: object }) => Promise<void>
interface TopicOffsets {
  topics: { partitions: { partition: number; offset: string }[] }[]
}
type EachBatch = (payload: {
  batch: { topic: string; partition: number; messages: object[]; lastOffset(): string }
  resolveOffset(offset: string): void
  isRunning(): boolean
  isStale(): boolean
  commitOffsetsIfNecessary(offsets: TopicOffsets): Promise<void>
}) => Promise<void>

/** A batch as its messages, one after the other. */
async function inTurn({ batch, resolveOffset }: Parameters<EachBatch>[0], eachMessage: EachMessage): Promise<void> {
  for (const message of batch.messages) await eachMessage({ partition: batch.partition, message })
  resolveOffset(batch.lastOffset())
}

/** A member of a group, as kafkajs 2.2.4 has it (src/consumer/runner.js): it fetches, hands over, and only then says that it lives. */
export class Consumer {
  readonly events = { REBALANCING: 'consumer.rebalancing', GROUP_JOIN: 'consumer.group_join', CRASH: 'consumer.crash' } as const
  readonly #groupId: string
  readonly #heartbeatMs: number
  readonly #fetchWaitMs: number
  readonly #listeners = new Map<string, (event: { payload: object }) => void>()
  readonly #paused = new Set<number>()
  /** Where to go on from, by partition, with the next fetch. */
  readonly #sought = new Map<number, number>()
  #topic = ''
  #eachBatch: EachBatch = nothing
  #running = false
  #assignment: Assignment = { member: '', generation: 0, partitions: [] }
  /** Next offsets; undefined until the committed ones have been read. */
  #positions: Map<number, number> | undefined
  #heardAt = 0

  constructor({
    groupId,
    heartbeatInterval = 3_000,
    maxWaitTimeInMs = 5_000,
  }: { groupId: string; heartbeatInterval?: number; maxWaitTimeInMs?: number }) {
    this.#groupId = groupId
    this.#heartbeatMs = heartbeatInterval
    this.#fetchWaitMs = maxWaitTimeInMs
  }

  connect = nothing

  on(event: string, listener: (event: { payload: object }) => void): void {
    this.#listeners.set(event, listener)
  }

  async subscribe({ topic }: { topic: string }): Promise<void> {
    this.#topic = topic
  }

  async run({ eachBatch, eachMessage }: { eachBatch?: EachBatch; eachMessage?: EachMessage }): Promise<void> {
    this.#eachBatch = eachBatch ?? (payload => inTurn(payload, eachMessage!))
    this.#running = true
    await this.#joinUntilIn()
    void this.#live()
  }

  get #group(): Group {
    return world().kafka.group(this.#groupId, this.#topic)
  }

  #emit(event: string, payload: object): void {
    this.#listeners.get(event)?.({ payload })
  }

  async #joinUntilIn(): Promise<void> {
    for (let tries = 1; this.#running; tries++) {
      try {
        await this.#join()
        return
      } catch (error) {
        if (tries % RETRIES === 0) this.#emit(this.events.CRASH, { error, groupId: this.#groupId, restart: true })
        await sleep(RETRY_MS * (tries % RETRIES))
      }
    }
  }

  async #join(): Promise<void> {
    const { member } = this.#assignment
    this.#assignment = await world().kafka.request<Assignment>(answer => this.#group.join(member, answer))
    this.#positions = undefined
    this.#heardAt = Date.now()
    this.#emit(this.events.GROUP_JOIN, { memberAssignment: { [this.#topic]: [...this.#assignment.partitions] } })
  }

  async #live(): Promise<void> {
    for (let failures = 0; this.#running; ) {
      try {
        await this.#fetch()
        failures = 0
      } catch (error) {
        const type = error instanceof ProtocolRefusal ? error.type : undefined
        if (type === 'REBALANCE_IN_PROGRESS' || type === 'ILLEGAL_GENERATION') {
          this.#emit(this.events.REBALANCING, {})
          await this.#joinUntilIn()
        } else if (type === 'UNKNOWN_MEMBER_ID') {
          this.#assignment = { ...this.#assignment, member: '' }
          await this.#joinUntilIn()
        } else if (++failures >= RETRIES) {
          failures = 0
          this.#emit(this.events.CRASH, { error, groupId: this.#groupId, restart: true })
          await sleep(RETRY_MS)
          await this.#joinUntilIn()
        } else await sleep(RETRY_MS * failures)
      }
    }
  }

  async #fetch(): Promise<void> {
    const { kafka } = world()
    const { partitions } = this.#assignment
    if (this.#positions === undefined) {
      const positions = await kafka.request<Map<number, number>>(answer =>
        answer(new Map(partitions.map(partition => [partition, this.#group.committed.get(partition) ?? 0]))),
      )
      this.#positions = positions
    }
    for (const [partition, offset] of this.#sought) this.#positions.set(partition, offset)
    this.#sought.clear()
    const wanted = new Map([...this.#positions].filter(([partition]) => !this.#paused.has(partition)))
    if (wanted.size === 0) {
      await sleep(this.#fetchWaitMs)
      await this.#heartbeat()
      return
    }
    const batches = await kafka.request<{ partition: number; first: number; records: KafkaRecord[] }[]>(answer =>
      kafka.fetch(this.#topic, wanted, this.#fetchWaitMs, answer),
    )
    await Promise.all(batches.map(batch => this.#handle(batch)))
  }

  async #handle({ partition, first, records }: { partition: number; first: number; records: KafkaRecord[] }): Promise<void> {
    if (records.length > 0 && !this.#paused.has(partition) && this.#running) {
      const messages = records.map((record, index) => ({ ...record, timestamp: String(record.timestamp), offset: String(first + index) }))
      await this.#eachBatch({
        batch: { topic: this.#topic, partition, messages, lastOffset: () => String(first + records.length - 1) },
        resolveOffset: offset => void this.#positions?.set(partition, Number(offset) + 1),
        isRunning: () => this.#running,
        isStale: () => this.#sought.has(partition),
        commitOffsetsIfNecessary: offsets => this.#commit(offsets),
      })
    }
    await this.#heartbeat()
  }

  async #heartbeat(): Promise<void> {
    if (Date.now() < this.#heardAt + this.#heartbeatMs) return
    const { member, generation } = this.#assignment
    this.#heardAt = Date.now()
    await world().kafka.request<boolean>(answer => {
      this.#group.heartbeat(member, generation)
      answer(true)
    })
  }

  /** Goes on from there, wherever it was. */
  seek({ partition, offset }: { partition: number; offset: string }): void {
    this.#sought.set(partition, Number(offset))
  }

  pause(topics: { partitions: number[] }[]): void {
    for (const { partitions } of topics) for (const partition of partitions) this.#paused.add(partition)
  }

  resume(topics: { partitions: number[] }[]): void {
    for (const { partitions } of topics) for (const partition of partitions) this.#paused.delete(partition)
  }

  /** What a batch is given to commit with: tried once, as whoever it is by then. */
  async #commit({ topics }: TopicOffsets): Promise<void> {
    const offsets = topics.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, Number(offset)] as const))
    const { member, generation } = this.#assignment
    await world().kafka.request<boolean>(answer => {
      this.#group.commit(member, generation, offsets)
      answer(true)
    })
  }

  async disconnect(): Promise<void> {
    this.#running = false
    const { member } = this.#assignment
    await world()
      .kafka.request<boolean>(answer => {
        this.#group.leave(member)
        answer(true)
      })
      .catch(() => undefined)
  }
}
