import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, startKafkaCluster } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import type { Appender, Log, LogRecord, RefusalReason } from './log.ts'
import { openKafkaLog } from './log-kafka.ts'

/**
 * Both ways in which a Kafka client can call a record stored that the log does not have (docs/adr/0002), on each client: whatever
 * fails, every record that the adapter reports stored can be read back. Kafka only: an embedded log has no leaders and no sequences.
 */

interface Appended {
  text: string
  outcome?: 'stored' | RefusalReason
}

interface TestRecord extends LogRecord {
  appended: Appended
}

/** An appender that remembers what it reported. */
function recordingAppender(log: Log, topic: string) {
  const appended: Appended[] = []
  const appender: Appender<TestRecord> = log.appender<TestRecord>({
    stored: records => {
      for (const record of records) record.appended.outcome = 'stored'
    },
    refused: (record, reason) => {
      record.appended.outcome = reason
    },
  })
  const append = (partition: number, text: string, deadlineMs = 30_000): Appended => {
    const entry: Appended = { text }
    appended.push(entry)
    const deadline = Date.now() + deadlineMs
    appender.append({
      topic,
      partition,
      key: `key-${partition}`,
      value: Buffer.from(text),
      header: '1;',
      deadline,
      resent: false,
      appended: entry,
    })
    return entry
  }
  return { appender, append, appended, allEnded: () => appended.every(entry => entry.outcome !== undefined) }
}

async function textsIn(log: Log, topic: string, partitions: number): Promise<Set<string>> {
  const reads = await Promise.all(Array.from({ length: partitions }, (_, partition) => log.read(topic, partition, 0, 1_000_000)))
  return new Set(reads.flat().map(record => Buffer.from(record.value).toString('utf8')))
}

function assertStoredAreThere(appended: readonly Appended[], there: ReadonlySet<string>): void {
  const missing = appended.filter(entry => entry.outcome === 'stored' && !there.has(entry.text)).map(entry => entry.text.slice(0, 40))
  assert.deepEqual(missing, [], 'reported stored, and not in the log')
}

const TOO_LARGE = 'x'.repeat(5 << 20)
const CLIENTS = ['kafkajs', 'platformatic'] as const

describe('one partition of a flight is refused, the other stored', () => {
  backendTest('kafkajs itself, idempotent, acknowledges a record that is not in the log', { kafka: true }, async (_t, { kafka }) => {
    const topic = uniqueName('refused')
    const log = await openKafkaLog({ brokers: [kafka], clientId: 'test', logger: silentLogger })
    await log.ensureTopics([{ topic, partitions: 2 }])
    const producer = await idempotentProducer(kafka)
    const send = (messages: { partition: number; value: string }[]) =>
      producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] })
    await send([
      { partition: 0, value: 'a0' },
      { partition: 1, value: 'a1' },
    ])
    await assert.rejects(
      send([
        { partition: 0, value: TOO_LARGE },
        { partition: 1, value: 'b1' },
      ]),
    )
    await send([{ partition: 1, value: 'c1' }])
    const there = await textsIn(log, topic, 2)
    assert.equal(there.has('c1'), false, 'kafkajs is mended: c1 is there; docs/adr/0002 may be looked at again')
    await producer.disconnect()
    await log.close()
  })

  for (const client of CLIENTS) {
    backendTest(
      `by ${client} every record reported stored is in the log, and only the large one is refused`,
      { kafka: true },
      async (_t, { kafka }) => {
        const topic = uniqueName('refused')
        const log = await openKafkaLog({ brokers: [kafka], clientId: 'test', client, logger: silentLogger })
        await log.ensureTopics([{ topic, partitions: 2 }])
        const { appender, append, appended, allEnded } = recordingAppender(log, topic)
        append(0, 'a0')
        append(1, 'a1')
        await until(allEnded, { timeoutMs: 10_000 })
        const large = append(0, TOO_LARGE)
        append(0, 'b0')
        append(1, 'b1')
        append(1, 'c1')
        await until(allEnded, { timeoutMs: 20_000 })
        append(1, 'd1')
        await until(allEnded, { timeoutMs: 10_000 })
        assertStoredAreThere(appended, await textsIn(log, topic, 2))
        const refused = appended.filter(entry => entry.outcome !== 'stored')
        assert.deepEqual(refused, [large])
        assert.equal(large.outcome, 'TOO_LARGE')
        await appender.close(1_000)
        await log.close()
      },
    )
  }
})

async function idempotentProducer(kafka: string): Promise<Producer> {
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING })
  const producer = client.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  })
  await producer.connect()
  return producer
}

describe('a leader dies with flights in the air and its partition moves', () => {
  for (const client of CLIENTS) {
    backendTest(`by ${client} every record reported stored is in the log, in order, and none is given up`, { kafka: true }, async () => {
      await using cluster = await startKafkaCluster(2)
      const topic = uniqueName('moved')
      await createMirrored(cluster.addresses[0], topic)
      const log = await openKafkaLog({ brokers: [cluster.addresses[0]], clientId: 'test', client, logger: silentLogger })
      const { appender, append, appended, allEnded } = recordingAppender(log, topic)
      let number = 0
      const appending = setInterval(() => {
        for (let i = 0; i < 20; i++) append(number % 2, `record ${number++}`)
      }, 2)
      const storedOf = (partition: number) =>
        appended.filter((entry, index) => index % 2 === partition && entry.outcome === 'stored').length
      await until(() => storedOf(0) > 200 && storedOf(1) > 200, { timeoutMs: 20_000, what: 'records on both leaders' })
      await cluster.brokers[1].kill('SIGKILL')
      const before = storedOf(1)
      await until(() => storedOf(1) > before + 500, { timeoutMs: 40_000, what: 'the moved partition to take records again' })
      clearInterval(appending)
      await until(allEnded, { timeoutMs: 30_000, what: 'every record to end' })
      assertStoredAreThere(appended, await textsIn(log, topic, 2))
      assert.deepEqual(
        appended.filter(entry => entry.outcome !== 'stored'),
        [],
      )
      await assertOrdered(log, topic)
      await appender.close(1_000)
      await log.close()
    })
  }
})

/** Partition 0 led by node 1, partition 1 by node 2, each mirrored on the other. */
async function createMirrored(broker: string, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const replicaAssignment = [
    { partition: 0, replicas: [1, 2] },
    { partition: 1, replicas: [2, 1] },
  ]
  await until(async () => (await admin.describeCluster()).brokers.length === 2, { timeoutMs: 20_000 })
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, replicaAssignment, configEntries: [{ name: 'max.message.bytes', value: '4194304' }] }],
  })
  await admin.disconnect()
}

/** First copies in append order: a record sent again never overtakes, and is never overtaken. */
async function assertOrdered(log: Log, topic: string): Promise<void> {
  for (const partition of [0, 1]) {
    const seen = new Set<number>()
    let highest = -1
    for (const record of await log.read(topic, partition, 0, 1_000_000)) {
      const number = Number(Buffer.from(record.value).toString('utf8').slice('record '.length))
      if (seen.has(number)) continue
      assert.ok(number > highest, `record ${number} comes after ${highest}`)
      highest = number
      seen.add(number)
    }
  }
}
