// kafkajs as the product gets it in a run; the group's life is that of kafkajs 2.2.4 (src/consumer/runner.js).

import type { LogRecord } from '@causeway/log'
import type { KafkaRecord } from '../kafka/cluster.ts'
import { ProtocolRefusal } from '../kafka/group.ts'
import { world } from '../world.ts'
import { Consumer } from './kafkajs-consumer.ts'

export const logLevel = { NOTHING: 0, ERROR: 1, WARN: 2, INFO: 4, DEBUG: 5 }

const MAX_MESSAGE_BYTES = 4 << 20
const nothing = async (): Promise<void> => {}

export class Kafka {
  admin = () => new Admin()
  producer = () => new Producer()
  consumer = (options: { groupId: string; heartbeatInterval?: number; maxWaitTimeInMs?: number }) => new Consumer(options)
}

class Admin {
  connect = nothing
  disconnect = nothing

  listTopics(): Promise<string[]> {
    const { kafka } = world()
    return kafka.request(answer => answer([...kafka.topics.keys()]))
  }

  createTopics({ topics }: { topics: { topic: string; numPartitions: number }[] }): Promise<boolean> {
    const { kafka } = world()
    return kafka.request(answer => {
      for (const { topic, numPartitions } of topics) kafka.create(topic, numPartitions)
      answer(true)
    })
  }

  fetchTopicMetadata({ topics }: { topics: string[] }) {
    const { kafka } = world()
    return kafka.request<{ topics: { name: string; partitions: { partitionId: number; leader: number }[] }[] }>(answer =>
      answer({
        topics: topics.map(name => {
          const partitions = kafka.topics.get(name)
          if (partitions === undefined) throw new ProtocolRefusal('UNKNOWN_TOPIC_OR_PARTITION')
          return { name, partitions: partitions.map(({ leader }, partitionId) => ({ partitionId, leader })) }
        }),
      }),
    )
  }

  describeConfigs({ resources }: { resources: { name: string }[] }) {
    const { kafka } = world()
    const configEntries = [{ configName: 'max.message.bytes', configValue: String(MAX_MESSAGE_BYTES) }]
    const described = resources.map(({ name }) => ({ resourceName: name, configEntries }))
    return kafka.request<{ resources: typeof described }>(answer => answer({ resources: described }))
  }

  describeCluster(): Promise<object> {
    return world().kafka.request(answer => answer({}))
  }

  /** Groups without members cost nothing here. */
  deleteGroups = nothing

  fetchTopicOffsets(topic: string) {
    const { kafka } = world()
    return kafka.request<{ partition: number; low: string; high: string }[]>(answer =>
      answer((kafka.topics.get(topic) ?? []).map(({ records }, partition) => ({ partition, low: '0', high: String(records.length) }))),
    )
  }

  fetchOffsets({ groupId, topics: [topic] }: { groupId: string; topics: string[] }) {
    const { kafka } = world()
    return kafka.request<{ topic: string; partitions: { partition: number; offset: string }[] }[]>(answer => {
      const { committed } = kafka.group(groupId, topic!)
      answer([{ topic: topic!, partitions: [...committed].map(([partition, offset]) => ({ partition, offset: String(offset) })) }])
    })
  }
}

/** A partition's records, as the product hands them over (shared/log, kafkajs-produce.ts). */
interface Message {
  partition: number
  batch: { records: readonly LogRecord[] }
}

class Producer {
  connect = nothing
  disconnect = nothing
  /** Leaders as last read; one that has moved is found by the error. */
  readonly #leaders = new Map<string, number>()

  /** Partitions whose leader has moved are refused, the others stored: the whole call then fails, as in kafkajs. */
  sendBatch({ topicMessages }: { topicMessages: { topic: string; messages: Message[] }[] }) {
    const { kafka } = world()
    const batches = new Map<string, { topic: string; partition: number; records: SentRecord[] }>()
    for (const { topic, messages } of topicMessages)
      for (const message of messages) {
        const key = `${topic}:${message.partition}`
        batches.set(key, { topic, partition: message.partition, records: message.batch.records.map(recordOf) })
      }
    return kafka.request<{ topicName: string; partition: number; errorCode: number }[]>(answer => {
      let moved = false
      // a batch is refused whole, and with it the request
      for (const { records } of batches.values()) if (records.some(tooLarge)) throw new ProtocolRefusal('MESSAGE_TOO_LARGE')
      for (const [key, { topic, partition, records }] of batches) {
        const { leader } = kafka.partition(topic, partition)
        const known = this.#leaders.get(key) ?? leader
        this.#leaders.set(key, leader)
        if (known === leader) kafka.append(topic, partition, records)
        else moved = true
      }
      if (moved) throw new ProtocolRefusal('NOT_LEADER_FOR_PARTITION')
      answer([...batches.values()].map(({ topic, partition }) => ({ topicName: topic, partition, errorCode: 0 })))
    })
  }
}

type SentRecord = Omit<KafkaRecord, 'timestamp'>

const tooLarge = ({ value }: SentRecord): boolean => value.length > MAX_MESSAGE_BYTES

function recordOf({ key, value, header, resent, traceparent, contentType, headers }: LogRecord): SentRecord {
  const texts = { causeway: resent ? `${header}r` : header, traceparent, 'content-type': contentType, ...headers }
  const given = Object.entries(texts).filter((each): each is [string, string] => each[1] !== undefined)
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: Object.fromEntries(given.map(([name, text]) => [name, Buffer.from(text)])),
  }
}
