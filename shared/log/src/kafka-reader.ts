import { randomUUID } from 'node:crypto'
import type { Admin, Kafka } from 'kafkajs'
import { recordsOf } from './kafkajs-fetch.ts'
import type { ConsumedRecord } from './log.ts'

/** How long a read may wait for the records it was promised, ms. */
const READ_TIMEOUT_MS = 10_000

export interface ReadRequest {
  topic: string
  partition: number
  offset: number
  limit: number
}

/** Reads a stretch of one partition with a throw-away group that commits nothing. */
export async function readKafka(kafka: Kafka, admin: Admin, request: ReadRequest): Promise<ConsumedRecord[]> {
  const { topic, partition, limit } = request
  const ends = (await admin.fetchTopicOffsets(topic)).find(row => row.partition === partition)
  const from = Math.max(request.offset, Number(ends?.low ?? 0))
  const until = Math.min(Number(ends?.high ?? 0), from + limit)
  if (until <= from) return []
  const group = `causeway-read-${randomUUID()}`
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100 })
  const records: ConsumedRecord[] = []
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`reading ${topic}/${partition} from ${from} to ${until} took over ${READ_TIMEOUT_MS} ms`)),
        READ_TIMEOUT_MS,
      )
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      // also after a coordinator that died: the library joins again by itself, and would go on wherever
      consumer.on(consumer.events.GROUP_JOIN, () => {
        records.length = 0
        consumer.seek({ topic, partition, offset: String(from) })
      })
      consumer
        .run({
          autoCommit: false,
          eachMessage: async payload => {
            if (payload.partition !== partition) return
            const read = recordsOf(partition, payload.message, from)
            records.push(...read.filter(({ offset }) => offset >= from && offset < until))
            if (Number(payload.message.offset) >= until - 1) done()
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
    await admin.deleteGroups([group]).catch(() => undefined)
  }
  return records
}
