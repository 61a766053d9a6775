import type { KafkaMessage } from 'kafkajs'
import type { ConsumedRecord } from './log.ts'

const OURS = new Set(['causeway', 'traceparent', 'content-type'])
const EMPTY = Buffer.alloc(0)

/** A Kafka message as the port's record; a record without our header has '' for it. */
export function consumedRecord(partition: number, message: KafkaMessage): ConsumedRecord {
  const headers = message.headers
  const record: ConsumedRecord = {
    partition,
    offset: Number(message.offset),
    key: message.key?.toString('utf8') ?? '',
    value: message.value ?? EMPTY,
    header: headers?.causeway?.toString('utf8') ?? '',
    appendedAt: Number(message.timestamp),
    traceparent: headers?.traceparent?.toString('latin1'),
    contentType: headers?.['content-type']?.toString('latin1'),
  }
  const further = Object.entries(headers ?? {}).filter(([name]) => !OURS.has(name))
  if (further.length > 0) record.headers = Object.fromEntries(further.map(([name, value]) => [name, String(value)]))
  return record
}
