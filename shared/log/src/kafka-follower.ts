import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, ListOffsetTimestamps } from '@platformatic/kafka'
import { FOLLOW_BYTES, FOLLOW_RETRY_MAX_MS, FOLLOW_RETRY_MIN_MS, FOLLOW_WAIT_MS } from './kafka-limits.ts'
import type { KafkaOptions } from './kafkajs-client.ts'
import type { ConsumedRecord, FollowHandlers, Following } from './log.ts'

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>

export interface Followed {
  topic: string
  partition: number
  handlers: FollowHandlers
}

/**
 * Fetches one partition without a group, which kafkajs can't: its readers join a group, wait for the broker's rebalance delay (3 s by default) and send
 * heartbeats for ever. A fetch waits at the broker until there is something, so that a record is seen within milliseconds and silence costs a request in 5 s.
 */
export function followKafka(options: KafkaOptions, followed: Followed): Following {
  const follower = new KafkaFollower(options, followed)
  follower.run()
  return follower
}

/** Where the partition lies just now. */
interface Place {
  topicId: string
  leader: number
}

class KafkaFollower implements Following {
  readonly #options: KafkaOptions
  readonly #followed: Followed
  readonly #closing = new AbortController()
  #consumer: Consumer | undefined
  #ended: Promise<void> = Promise.resolve()
  #next = 0
  /** A topic that was made anew has another one, and is read from its beginning. */
  #topicId: string | undefined
  /** End of the partition when following began; the caller is told once it is reached. */
  #target: number | undefined
  #caughtUp = false

  constructor(options: KafkaOptions, followed: Followed) {
    this.#options = options
    this.#followed = followed
  }

  run(): void {
    this.#ended = this.#follow()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#disconnect()
    await this.#ended
  }

  async #follow(): Promise<void> {
    const { topic, partition } = this.#followed
    let waitMs = FOLLOW_RETRY_MIN_MS
    let told = false
    while (!this.#closing.signal.aborted) {
      try {
        await this.#fetchOn(() => {
          waitMs = FOLLOW_RETRY_MIN_MS
          told = false
        })
      } catch (error) {
        if (this.#closing.signal.aborted) break
        const line = { topic, partition, error: textOf(error) }
        if (told) this.#options.logger.debug(line, 'log: a topic still can not be followed')
        else this.#options.logger.warn(line, 'log: a topic can not be followed; trying again')
        told = true
        await this.#disconnect()
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
        waitMs = Math.min(FOLLOW_RETRY_MAX_MS, waitMs * 2)
      }
    }
  }

  /** Until something fails: a connection, a leader that is one no more. */
  async #fetchOn(alive: () => void): Promise<void> {
    const { brokers, clientId } = this.#options
    const consumer = new Consumer({
      clientId: `${clientId}-follower`,
      groupId: 'causeway-follows-without',
      bootstrapBrokers: [...brokers],
      retries: 0,
    })
    this.#consumer = consumer
    const place = await this.#place(consumer)
    if (this.#topicId !== undefined && this.#topicId !== place.topicId) this.#next = 0
    this.#topicId = place.topicId
    await this.#begin(consumer)
    while (!this.#closing.signal.aborted) {
      this.#tell(await this.#fetch(consumer, place))
      alive()
    }
  }

  async #place(consumer: Consumer): Promise<Place> {
    const { topic, partition } = this.#followed
    consumer.topics.track(topic)
    const found = (await consumer.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic)
    const leader = found?.partitions[partition]?.leader ?? -1
    if (found === undefined || leader < 0) throw new Error(`partition ${partition} of ${topic} has no leader`)
    return { topicId: found.id, leader }
  }

  /** Kafka may have removed what comes next; and the first time, how far there is to go. */
  async #begin(consumer: Consumer): Promise<void> {
    const { topic, partition } = this.#followed
    const offsetAt = async (timestamp: bigint): Promise<number> => {
      const offsets = await consumer.listOffsets({ topics: [topic], partitions: { [topic]: [partition] }, timestamp })
      return Number(offsets.get(topic)?.[partition] ?? 0)
    }
    const [first, end] = [await offsetAt(ListOffsetTimestamps.EARLIEST), await offsetAt(ListOffsetTimestamps.LATEST)]
    this.#next = this.#next > end ? first : Math.max(this.#next, first)
    this.#target ??= end
    this.#reached()
  }

  #fetch(consumer: Consumer, { topicId, leader }: Place): Promise<FetchResponse> {
    const { partition } = this.#followed
    const wanted = { currentLeaderEpoch: -1, fetchOffset: BigInt(this.#next), lastFetchedEpoch: -1, partitionMaxBytes: FOLLOW_BYTES }
    return consumer.fetch({
      node: leader,
      maxWaitTime: FOLLOW_WAIT_MS,
      minBytes: 1,
      maxBytes: FOLLOW_BYTES,
      isolationLevel: 0,
      topics: [{ topicId, partitions: [{ partition, ...wanted }] }],
    })
  }

  #tell(response: FetchResponse): void {
    const { partition, handlers } = this.#followed
    const batches = response.responses[0]?.partitions[0]?.records ?? []
    const records: ConsumedRecord[] = []
    for (const batch of batches) {
      for (const record of batch.records) {
        const offset = Number(batch.firstOffset) + record.offsetDelta
        // a batch is given whole, also where its first records were read before
        if (offset >= this.#next)
          records.push(consumedRecord(partition, offset, Number(batch.firstTimestamp + record.timestampDelta), record))
      }
      this.#next = Math.max(this.#next, Number(batch.firstOffset) + batch.lastOffsetDelta + 1)
    }
    if (this.#closing.signal.aborted) return
    if (records.length > 0) handlers.records(records)
    this.#reached()
  }

  #reached(): void {
    if (this.#caughtUp || this.#next < this.#target!) return
    this.#caughtUp = true
    this.#followed.handlers.caughtUp()
  }

  async #disconnect(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    await consumer?.close(true).catch(error => this.#options.logger.debug({ error: textOf(error) }, 'log: a follower could not be closed'))
  }
}

type FetchedRecord = NonNullable<FetchResponse['responses'][number]['partitions'][number]['records']>[number]['records'][number]

const EMPTY = Buffer.alloc(0)

function consumedRecord(partition: number, offset: number, appendedAt: number, { key, value, headers }: FetchedRecord): ConsumedRecord {
  const all = new Map([...headers].map(([name, held]) => [String(name), held as Buffer]))
  const record: ConsumedRecord = {
    partition,
    offset,
    key: key?.toString('utf8') ?? '',
    value: value ?? EMPTY,
    header: all.get('causeway')?.toString('utf8') ?? '',
    appendedAt,
    traceparent: all.get('traceparent')?.toString('latin1'),
    contentType: all.get('content-type')?.toString('latin1'),
  }
  const further = [...all].filter(([name]) => !['causeway', 'traceparent', 'content-type'].includes(name))
  if (further.length > 0) record.headers = Object.fromEntries(further.map(([name, held]) => [name, String(held)]))
  return record
}

/** The library's own text says only that something failed; what is in its parts. */
function textOf(error: unknown): string {
  const { message, errors } = error as Error & { errors?: readonly Error[] }
  return errors === undefined || errors.length === 0 ? message : errors.map(textOf).join('; ')
}
