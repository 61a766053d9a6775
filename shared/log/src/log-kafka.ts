import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@causeway/telemetry'
import type { Admin, Kafka } from 'kafkajs'
import { kafkajsSender } from './flight-sender-kafkajs.ts'
import { lazySender } from './flight-sender-lazy.ts'
import { platformaticSender } from './flight-sender-platformatic.ts'
import { KafkaAppender } from './kafka-appender.ts'
import { consumeKafka } from './kafka-consumer.ts'
import { followKafka } from './kafka-follower.ts'
import { KafkaLeaders } from './kafka-leaders.ts'
import { MAX_MESSAGE_BYTES } from './kafka-limits.ts'
import { readKafka } from './kafka-reader.ts'
import { type KafkaOptions, kafkajsClient } from './kafkajs-client.ts'
import type {
  Appender,
  AppenderHandlers,
  ConsumedRecord,
  ConsumeOptions,
  FollowHandlers,
  Following,
  Log,
  LogConsumer,
  LogRecord,
  PartitionLag,
  TopicSpec,
} from './log.ts'

export type { KafkaOptions } from './kafkajs-client.ts'

/** Who asks for topics, lags or a sign of life tries again by itself, and wants to know soon that there is nobody. */
const ADMIN_RETRY = { retries: 2, initialRetryTime: 100 }
/** Kafka's ConfigResourceTypes.TOPIC. */
const TOPIC_RESOURCE = 2
/** How long the cluster may take to create topics, ms. */
const CREATE_TIMEOUT_MS = 15_000
/** How often a topic that is being created is looked at, ms. */
const CREATE_LOOK_MS = 100
/** A compacted topic is small and seldom written: cleaned as soon as a tenth of it is superseded, of what is an hour old. */
const COMPACTED = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'min.cleanable.dirty.ratio', value: '0.1' },
  { name: 'segment.ms', value: '3600000' },
]
/** What Kafka answers about one (kafkajs's names of its error codes). */
const BEING_CREATED: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])

/** The log on a Kafka cluster (4.x). Stored means acknowledged by all in-sync replicas. */
export async function openKafkaLog(options: KafkaOptions): Promise<Log> {
  const kafka = kafkajsClient(options)
  const admin = kafkajsClient(options, ADMIN_RETRY).admin()
  await admin.connect()
  return new KafkaLog(kafka, admin, options)
}

class KafkaLog implements Log {
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #options: KafkaOptions
  readonly #logger: Logger
  readonly #leaders: KafkaLeaders

  constructor(kafka: Kafka, admin: Admin, options: KafkaOptions) {
    this.#kafka = kafka
    this.#admin = admin
    this.#options = options
    this.#logger = options.logger
    this.#leaders = new KafkaLeaders(admin)
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const existing = new Set(await this.#admin.listTopics())
    const missing = topics.filter(spec => !existing.has(spec.topic))
    if (missing.length > 0) await this.#create(missing)
    await this.#checkOnceThere(topics)
  }

  /** Where two processes make a topic at a time, the client may wait for one of which the broker has not heard yet. */
  async #create(missing: readonly TopicSpec[]): Promise<void> {
    try {
      await this.#admin.createTopics({
        waitForLeaders: true,
        timeout: CREATE_TIMEOUT_MS,
        topics: missing.map(spec => ({
          topic: spec.topic,
          numPartitions: spec.partitions,
          replicationFactor: spec.replication ?? 1,
          configEntries: [{ name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) }, ...(spec.compacted === true ? COMPACTED : [])],
        })),
      })
    } catch (error) {
      if (!BEING_CREATED.has((error as { type?: string }).type ?? '')) throw error
    }
  }

  /** Another process may just be making a topic: the brokers know of it a moment before they know where it is. */
  async #checkOnceThere(topics: readonly TopicSpec[]): Promise<void> {
    const until = Date.now() + CREATE_TIMEOUT_MS
    for (;;) {
      try {
        return await this.#check(topics)
      } catch (error) {
        if (!BEING_CREATED.has((error as { type?: string }).type ?? '') || Date.now() > until) throw error
        await sleep(CREATE_LOOK_MS)
      }
    }
  }

  /** Another process may have made a topic otherwise, or an operator changed it. */
  async #check(topics: readonly TopicSpec[]): Promise<void> {
    const names = topics.map(spec => spec.topic)
    await this.#leaders.refresh(names)
    const metadata = await this.#admin.fetchTopicMetadata({ topics: names })
    const configs = await this.#admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map(name => ({ type: TOPIC_RESOURCE, name, configNames: ['max.message.bytes', 'cleanup.policy'] })),
    })
    for (const spec of topics) {
      const found = metadata.topics.find(topic => topic.name === spec.topic)?.partitions.length
      if (found !== spec.partitions) {
        throw new Error(
          `Kafka topic ${spec.topic} has ${found} partitions, CAUSEWAY_PARTITIONS says ${spec.partitions}: the number is fixed at creation, set CAUSEWAY_PARTITIONS=${found}`,
        )
      }
      const entries = configs.resources.find(resource => resource.resourceName === spec.topic)?.configEntries
      const setting = (name: string): string | undefined => entries?.find(entry => entry.configName === name)?.configValue
      const bytes = setting('max.message.bytes')
      if (Number(bytes) < MAX_MESSAGE_BYTES) {
        throw new Error(
          `Kafka topic ${spec.topic} takes records of ${bytes} bytes, expected at least ${MAX_MESSAGE_BYTES}: set its max.message.bytes`,
        )
      }
      const policy = setting('cleanup.policy')
      if (spec.compacted === true && policy !== 'compact') {
        throw new Error(`Kafka topic ${spec.topic} has the cleanup.policy ${policy}, expected compact: set it`)
      }
    }
  }

  appender<R extends LogRecord>(handlers: AppenderHandlers<R>): Appender<R> {
    const { brokers, clientId, client } = this.#options
    const open = () => (client === 'platformatic' ? platformaticSender(brokers, clientId) : kafkajsSender(this.#kafka))
    return new KafkaAppender(lazySender(open), this.#leaders, handlers, this.#logger)
  }

  consume(options: ConsumeOptions): Promise<LogConsumer> {
    return consumeKafka(this.#kafka, options, this.#logger)
  }

  async follow(topic: string, partition: number, handlers: FollowHandlers): Promise<Following> {
    return followKafka(this.#options, { topic, partition, handlers })
  }

  async lag(group: string, topic: string): Promise<PartitionLag[]> {
    const [ends, committed] = await Promise.all([
      this.#admin.fetchTopicOffsets(topic),
      this.#admin.fetchOffsets({ groupId: group, topics: [topic] }),
    ])
    const offsets = new Map(committed[0]?.partitions.map(row => [row.partition, Number(row.offset)]))
    return ends
      .map(row => {
        const offset = offsets.get(row.partition) ?? -1
        return { partition: row.partition, end: Number(row.high), committed: offset < 0 ? undefined : offset }
      })
      .sort((a, b) => a.partition - b.partition)
  }

  async partitionsOf(topic: string): Promise<number | undefined> {
    // asked for metadata of a topic that is not there, the client tries again for ten seconds
    if (!(await this.#admin.listTopics()).includes(topic)) return undefined
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
    return topics.find(({ name }) => name === topic)?.partitions.length
  }

  read(topic: string, partition: number, offset: number, limit: number): Promise<ConsumedRecord[]> {
    return readKafka(this.#kafka, this.#admin, { topic, partition, offset, limit })
  }

  async ping(): Promise<void> {
    await this.#admin.describeCluster()
  }

  async close(): Promise<void> {
    this.#leaders.close()
    await this.#admin.disconnect()
  }
}
