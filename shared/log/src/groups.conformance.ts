import assert from 'node:assert/strict'
import { uniqueName, unless, until } from '@causeway/testing'
import {
  appendAll,
  JOIN_TIMEOUT_MS,
  type LogCapabilities,
  numbered,
  numberedRecord,
  type OnTopic,
  PARTITIONS,
  recordingHandlers,
  valuesOf,
} from './fixture.conformance.ts'

/** What groups share and do not share, and what operators see. */
export function groups(onTopic: OnTopic, capabilities: LogCapabilities): void {
  onTopic('gives each group every record', async ({ log }, topic) => {
    const readers = [recordingHandlers(), recordingHandlers()]
    const consumers = await Promise.all(readers.map(({ handlers }) => log.consume({ group: uniqueName('group'), topic, handlers })))
    await appendAll(log, numbered(topic, 8))
    for (const reader of readers) await reader.received(8)
    await Promise.all(consumers.map(consumer => consumer.leave()))
  })

  onTopic(
    'splits the partitions between two consumers of a group, and gives all to the one that stays',
    async ({ log }, topic) => {
      const group = uniqueName('group')
      const readers = [recordingHandlers(), recordingHandlers()] as const
      const staying = await log.consume({ group, topic, handlers: readers[0].handlers })
      const leaving = await log.consume({ group, topic, handlers: readers[1].handlers })
      const latest = () => readers.map(({ assignments }) => assignments.at(-1) ?? [])
      const isSplit = () => latest().every(({ length }) => length === PARTITIONS / 2) && new Set(latest().flat()).size === PARTITIONS
      await until(isSplit, { timeoutMs: JOIN_TIMEOUT_MS, what: 'two halves' })
      await leaving.leave()
      await until(() => latest()[0]?.length === PARTITIONS, { timeoutMs: JOIN_TIMEOUT_MS, what: 'all partitions at the one that stays' })
      await staying.leave()
    },
    unless(capabilities.splitsPartitions),
  )

  onTopic('tells how far a group is behind', async ({ log }, topic) => {
    const group = uniqueName('group')
    await appendAll(log, numbered(topic, 6, 2))
    assert.deepEqual(
      [await log.partitionsOf(topic), await log.partitionsOf(`${topic}-missing`)],
      [(await log.lag(group, topic)).length, undefined],
    )
    const before = await log.lag(group, topic)
    assert.deepEqual(
      before.map(({ partition, committed }) => [partition, committed]),
      [0, 1, 2, 3].map(partition => [partition, undefined]),
    )
    const consumed = recordingHandlers()
    const consumer = await log.consume({ group, topic, handlers: consumed.handlers })
    await consumed.received(6)
    await consumer.commit(new Map([[2, consumed.records[3]!.offset + 1]]))
    const lag = (await log.lag(group, topic))[2]
    assert.deepEqual(lag, { partition: 2, end: 6, committed: 4 })
    await consumer.leave()
  })

  onTopic('reads from an offset on, as many as asked, and nothing past the end', async ({ log }, topic) => {
    await appendAll(log, numbered(topic, 10, 1))
    assert.deepEqual(valuesOf(await log.read(topic, 1, 4, 3)), ['value 4', 'value 5', 'value 6'])
    assert.deepEqual(await log.read(topic, 1, 10, 3), [])
    assert.deepEqual(await log.read(topic, 0, 0, 3), [])
  })

  onTopic('creates a topic once, and names one whose partitions differ', async ({ log }, topic) => {
    await log.ensureTopics([{ topic, partitions: PARTITIONS }])
    await assert.rejects(log.ensureTopics([{ topic, partitions: PARTITIONS * 2 }]), (error: Error) => error.message.includes(topic))
  })

  onTopic(
    'keeps records and commits when it is closed and opened again',
    async (opened, topic) => {
      const group = uniqueName('group')
      await appendAll(opened.log, numbered(topic, 5, 0))
      const first = recordingHandlers()
      const consumer = await opened.log.consume({ group, topic, handlers: first.handlers })
      await first.received(5)
      await consumer.commit(new Map([[0, 2]]))
      await consumer.leave()
      const log = await opened.reopen!()
      await appendAll(log, [numberedRecord(topic, 5, 0)])
      const second = recordingHandlers()
      const again = await log.consume({ group, topic, handlers: second.handlers })
      await second.received(4)
      await again.leave()
      assert.deepEqual(valuesOf(second.records), ['value 2', 'value 3', 'value 4', 'value 5'])
    },
    unless(capabilities.reopens),
  )

  onTopic('answers a ping', async ({ log }) => log.ping())
}
