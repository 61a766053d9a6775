import { type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka'
import { asRecordRefused, type FlightSender, headerText, type PartitionBatch, wireValue } from './flight-sender.ts'
import type { LogRecord } from './log.ts'

/** How long the broker may wait for its replicas, ms. */
const ACK_TIMEOUT_MS = 5_000
const CAUSEWAY = Buffer.from('causeway')
const TRACEPARENT = Buffer.from('traceparent')
const NO_HEADERS: Readonly<Record<string, string>> = {}
const CONTENT_TYPE = Buffer.from('content-type')

/** @platformatic/kafka as a flight sender: idempotence off, no retries, the partition set on each record. */
export async function platformaticSender(brokers: readonly string[], clientId: string): Promise<FlightSender> {
  const producer = new Producer({
    clientId,
    bootstrapBrokers: [...brokers],
    idempotent: false,
    acks: ProduceAcks.ALL,
    autocreateTopics: false,
    retries: 0,
    repeatOnStaleMetadata: false,
    strict: false,
    timeout: ACK_TIMEOUT_MS,
  })
  return {
    async send(batches) {
      const stored = new Set<string>()
      try {
        const reply = await producer.send({ acks: ProduceAcks.ALL, messages: messages(batches) })
        for (const named of reply.offsets ?? []) stored.add(`${named.topic}:${named.partition}`)
        return stored
      } catch (error) {
        throw asRecordRefused(error, candidate => ('apiId' in candidate ? candidate.apiId : undefined)) ?? error
      }
    },
    async forgetMetadata() {
      producer.clearMetadata()
    },
    async close() {
      await producer.close(true)
    },
  }
}

function messages(batches: readonly PartitionBatch[]): MessageToProduce<Buffer, Buffer, Buffer, Buffer>[] {
  const all: MessageToProduce<Buffer, Buffer, Buffer, Buffer>[] = []
  for (const batch of batches) for (const record of batch.records) all.push(platformaticMessage(record))
  return all
}

function platformaticMessage(record: LogRecord): MessageToProduce<Buffer, Buffer, Buffer, Buffer> {
  const headers = new Map([[CAUSEWAY, Buffer.from(headerText(record), 'latin1')]])
  if (record.traceparent !== undefined) headers.set(TRACEPARENT, Buffer.from(record.traceparent))
  if (record.contentType !== undefined) headers.set(CONTENT_TYPE, Buffer.from(record.contentType))
  for (const [name, value] of Object.entries(record.headers ?? NO_HEADERS)) headers.set(Buffer.from(name), Buffer.from(value))
  // its types know no tombstone, its writer does
  const value = wireValue(record) as Buffer
  return { topic: record.topic, partition: record.partition, key: Buffer.from(record.key), value, headers }
}
