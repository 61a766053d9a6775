import assert from 'node:assert/strict'
import { silentLogger } from '@causeway/telemetry'
import { backendTest, testBackends } from '@causeway/test-backends'
import { uniqueName, until } from '@causeway/testing'
import { appendAll, JOIN_TIMEOUT_MS, numbered, PARTITIONS, recordingHandlers } from './fixture.conformance.ts'
import { logConformance } from './log.conformance.ts'
import { openKafkaLog } from './log-kafka.ts'

const { kafka } = testBackends()

for (const client of ['kafkajs', 'platformatic'] as const) {
  const open = async () => {
    const options = { brokers: [kafka!], clientId: uniqueName('test'), client, logger: silentLogger }
    let log = await openKafkaLog(options)
    return {
      log,
      close: () => log.close(),
      async reopen() {
        await log.close()
        log = await openKafkaLog(options)
        return log
      },
    }
  }
  if (kafka === undefined) backendTest(`log conformance: kafka by ${client}`, { kafka: true }, () => {})
  else logConformance(`kafka by ${client}`, open, { splitsPartitions: true, reopens: true, follows: true })
}

backendTest(
  'a partition paused before a rebalance gives its records to the reader that takes over',
  { kafka: true },
  async (t, { kafka }) => {
    const log = await openKafkaLog({ brokers: [kafka], clientId: uniqueName('test'), logger: silentLogger })
    const topic = uniqueName('topic')
    const group = uniqueName('group')
    await log.ensureTopics([{ topic, partitions: PARTITIONS }])
    const readers = [recordingHandlers(), recordingHandlers()] as const
    const assigned = (reader: number, count: number) =>
      until(() => readers[reader]!.assignments.at(-1)?.length === count, { timeoutMs: JOIN_TIMEOUT_MS, what: `${count} partitions` })
    const staying = await log.consume({ group, topic, handlers: readers[0].handlers })
    t.after(async () => {
      await staying.leave()
      await log.close()
    })
    await assigned(0, PARTITIONS)
    staying.pause(readers[0].assignments[0]!)
    const leaving = await log.consume({ group, topic, handlers: readers[1].handlers })
    await assigned(1, PARTITIONS / 2)
    await leaving.leave()
    await assigned(0, PARTITIONS)
    await appendAll(log, numbered(topic, PARTITIONS))
    await readers[0].received(PARTITIONS)
    assert.deepEqual(readers[0].records.map(record => record.partition).toSorted(), [0, 1, 2, 3])
  },
)

backendTest('processes that start together all find the topics one of them makes', { kafka: true }, async (_t, { kafka }) => {
  const options = { brokers: [kafka], clientId: uniqueName('test'), logger: silentLogger }
  const logs = await Promise.all(Array.from({ length: 4 }, () => openKafkaLog(options)))
  for (let round = 0; round < 10; round++) {
    const topic = uniqueName('topic')
    await Promise.all(logs.map(log => log.ensureTopics([{ topic, partitions: 8 }])))
  }
  for (const log of logs) await log.close()
})
