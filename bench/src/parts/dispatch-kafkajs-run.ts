// kafkajs as it is, which reads the same topic and counts, a process of its own: `node dispatch-kafkajs-run.ts 127.0.0.1:9092`. Prints a PartRun.
import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { DispatchProgress } from './dispatch-progress.ts'
import { REQUESTS, TOPIC } from './dispatch-records.ts'
import { tellRun } from './part-run.ts'

const consumer = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.NOTHING }).consumer({ groupId: `bare-${randomUUID()}` })
const progress = new DispatchProgress('consumer', REQUESTS)
await consumer.connect()
await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
await consumer.run({ eachBatch: async ({ batch }) => progress.count(batch.messages.length) })
const run = await progress.over
await consumer.disconnect()
tellRun(run)
