import type { Kafka, Producer, TopicMessages } from 'kafkajs'
import { asRecordRefused, type FlightSender, type PartitionBatch } from './flight-sender.ts'
import { batchMessage } from './kafkajs-produce.ts'

/** How long the broker may wait for its replicas, ms. */
const ACK_TIMEOUT_MS = 5_000
const ACKS_ALL = -1

/** kafkajs as a flight sender: idempotence off, no retries, one request in flight, the partition set on each record. */
export async function kafkajsSender(kafka: Kafka): Promise<FlightSender> {
  const producer: Producer = kafka.producer({
    idempotent: false,
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1,
    retry: { retries: 0 },
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  })
  await producer.connect()
  return {
    async send(batches) {
      const stored = new Set<string>()
      try {
        const reply = await producer.sendBatch({ acks: ACKS_ALL, timeout: ACK_TIMEOUT_MS, topicMessages: topicMessages(batches) })
        for (const named of reply) if (named.errorCode === 0) stored.add(`${named.topicName}:${named.partition}`)
        return stored
      } catch (error) {
        throw asRecordRefused(error, candidate => ('type' in candidate ? candidate.type : undefined)) ?? error
      }
    },
    async forgetMetadata() {
      // The producer reads metadata again by itself on a stale leader or a closed connection.
    },
    async close() {
      await producer.disconnect()
    },
  }
}

function topicMessages(batches: readonly PartitionBatch[]): TopicMessages[] {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  return Array.from(topics, ([topic, own]) => ({ topic, messages: own.map(batchMessage) }))
}
