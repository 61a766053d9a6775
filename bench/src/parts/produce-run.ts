// Our appender as fast as it goes, a process of its own: `node produce-run.ts kafkajs 127.0.0.1:9092 PID TOPIC PARTITIONS RECORDS OUTSTANDING`.
// Prints a PartRun.
import type { Log, LogRecord } from '@causeway/log'
import { type KafkaOptions, openKafkaLog } from '@causeway/log/kafka'
import { bucketOf, Codec, encodeRecordHeader, partitionOf } from '@causeway/protocol'
import { silentLogger } from '@causeway/telemetry'
import { PAYLOAD_SIZE } from '../shapes.ts'
import { PartClock, type PartRun, tellRun } from './part-run.ts'

/** Keys of the records, in turn. */
const SESSIONS = 1_024
/** Of a record, ms: no run takes as long. */
const LIFETIME_MS = 600_000

const VALUE = new Uint8Array(PAYLOAD_SIZE).fill(0x61)

/** As gateways make them: each with the key of its session and its own header. */
function recordOf(number: number, topic: string, partitions: number): LogRecord {
  const key = `session-${number % SESSIONS}`
  const msgId = Math.floor(number / SESSIONS) + 1
  const deadline = Date.now() + LIFETIME_MS
  const header = encodeRecordHeader({
    ...{ msgId, prev: msgId - 1, route: 'bench', codec: Codec.BYTES, kind: 'request', gateway: 'gw-bench', epoch: 1 },
    ...{ incarnation: 'bench', principal: '', deadline, key: '', opcode: 1, resent: false },
  })
  return { topic, partition: partitionOf(bucketOf(key), partitions), key, value: VALUE, header, deadline, resent: false }
}

interface Plan {
  topic: string
  partitions: number
  records: number
  /** Most that are appended and not yet stored. */
  outstanding: number
}

/** Resolves when all of them are stored; rejects with the first that is refused. */
async function produce(log: Log, { topic, partitions, records, outstanding }: Plan, clock: PartClock): Promise<PartRun> {
  const over = Promise.withResolvers<PartRun>()
  let appended = 0
  let stored = 0
  const appender = log.appender({
    stored(flight) {
      stored += flight.length
      if (stored === records) over.resolve(clock.over(records))
      else append()
    },
    refused: (_record, reason, detail) => over.reject(new Error(`a record was refused: ${reason} ${detail}`)),
  })
  const append = (): void => {
    for (; appended < records && appended - stored < outstanding; appended++) appender.append(recordOf(appended, topic, partitions))
  }
  append()
  const run = await over.promise
  await appender.close(0)
  return run
}

const [client, broker, pid, topic, ...numbers] = process.argv.slice(2)
const [partitions, records, outstanding] = numbers.map(Number)
const log = await openKafkaLog({
  ...{ brokers: [broker], clientId: 'causeway-bench', logger: silentLogger },
  client: client as KafkaOptions['client'],
})
await log.ensureTopics([{ topic, partitions }])
const run = await produce(log, { topic, partitions, records, outstanding }, new PartClock('client', { Kafka: Number(pid) }))
await log.close()
tellRun(run)
