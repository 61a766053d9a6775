import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, freePort, startKafka } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { Kafka, logLevel } from 'kafkajs'
import { appendAll, numbered, valuesOf } from './fixture.conformance.ts'
import type { ConsumedRecord, Log } from './log.ts'
import { openKafkaLog } from './log-kafka.ts'

/** Kafka only: the embedded log is never away from its own process. */

const TIMEOUT_MS = 30_000

async function following(log: Log, topic: string) {
  const records: ConsumedRecord[] = []
  let ends = 0
  const following = await log.follow(topic, 0, { records: given => void records.push(...given), caughtUp: () => void ends++ })
  const received = (count: number) => until(() => records.length >= count, { timeoutMs: TIMEOUT_MS, what: `${count} records` })
  return { records, received, ends: () => ends, close: () => following.close() }
}

const valuesUpTo = (count: number): string[] => Array.from({ length: count }, (_, number) => `value ${number}`)
const from = (topic: string, first: number, count: number) => numbered(topic, first + count, 0).slice(first)

describe('a follower', () => {
  backendTest('goes on where it was when the broker has been away, and begins once it is there', { kafka: true }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'causeway-follower-'))
    const port = await freePort()
    try {
      let broker = await startKafka({ port, dataDir })
      const topic = uniqueName('followed')
      const log = await openKafkaLog({ brokers: [broker.address], clientId: 'test', logger: silentLogger })
      await log.ensureTopics([{ topic, partitions: 1 }])
      await appendAll(log, from(topic, 0, 3))
      const early = await following(log, topic)
      await early.received(3)
      await broker.kill('SIGKILL')
      const late = await following(log, topic)
      broker = await startKafka({ port, dataDir })
      await appendAll(log, from(topic, 3, 2))
      for (const { records, received, ends, close } of [early, late]) {
        await received(5)
        await until(() => ends() === 1)
        await close()
        assert.deepEqual(valuesOf(records), valuesUpTo(5))
      }
      await log.close()
      await broker.stop()
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })

  backendTest('reads on from the beginning where its topic was made anew', { kafka: true }, async (_context, { kafka }) => {
    const topic = uniqueName('remade')
    const log = await openKafkaLog({ brokers: [kafka], clientId: 'test', logger: silentLogger })
    await log.ensureTopics([{ topic, partitions: 1 }])
    await appendAll(log, from(topic, 0, 3))
    const { records, received, close } = await following(log, topic)
    await received(3)
    const admin = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [topic] })
    await until(async () => !(await admin.listTopics()).includes(topic), { timeoutMs: TIMEOUT_MS })
    await admin.disconnect()
    await log.ensureTopics([{ topic, partitions: 1 }])
    await appendAll(log, from(topic, 3, 1))
    await received(4)
    await close()
    await log.close()
    assert.deepEqual(valuesOf(records), valuesUpTo(4))
  })
})
