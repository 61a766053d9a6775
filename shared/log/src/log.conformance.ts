import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Capability, turn, uniqueName, unless, until } from '@causeway/testing'
import type { Appender, ConsumedRecord, ConsumerHandlers, Log, LogRecord, RefusalReason } from './log.ts'

/** A log under test; `close` releases everything behind it. */
export interface OpenedLog {
  log: Log
  close(): Promise<void>
  /** Closes `log` and opens another on the same data; `close` then closes that one. */
  reopen?(): Promise<Log>
}

export interface LogCapabilities {
  /** Two consumers of one group share a topic's partitions. */
  splitsPartitions: Capability
  /** What was stored is there after closing and opening again. */
  reopens: Capability
}

const PARTITIONS = 4
/** ms; far enough that no record of a test expires. */
const DEADLINE_MS = 60_000
/** ms; joining a group takes a broker its time. */
const JOIN_TIMEOUT_MS = 20_000
const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

interface NumberedRecord extends LogRecord {
  number: number
}

function numberedRecord(topic: string, number: number, partition = number % PARTITIONS): NumberedRecord {
  const value = Buffer.from(`value ${number}`)
  return {
    topic,
    partition,
    key: `key-${partition}`,
    value,
    header: `1;${number};`,
    deadline: Date.now() + DEADLINE_MS,
    resent: false,
    number,
  }
}

/** An appender and what became of its records. */
function recordingAppender(log: Log) {
  const stored: NumberedRecord[] = []
  const refused: { record: NumberedRecord; reason: RefusalReason }[] = []
  const appender: Appender<NumberedRecord> = log.appender<NumberedRecord>({
    stored: records => void stored.push(...records),
    refused: (record, reason) => void refused.push({ record, reason }),
  })
  const ended = (count: number) => until(() => stored.length + refused.length >= count, { what: `${count} records to end` })
  return { appender, stored, refused, ended }
}

/** Handlers of a consumer that keep what they are given. */
function recordingHandlers(assigned: () => Promise<void> = async () => {}) {
  const records: ConsumedRecord[] = []
  const assignments: number[][] = []
  const handlers: ConsumerHandlers = {
    async assigned(partitions) {
      assignments.push([...partitions])
      await assigned()
    },
    records: (_partition, batch) => void records.push(...batch),
    revoked: async () => {},
  }
  const received = (count: number) =>
    until(() => records.length >= count, { timeoutMs: JOIN_TIMEOUT_MS, what: `${count} records to be consumed` })
  const joined = () => until(() => assignments.length > 0, { timeoutMs: JOIN_TIMEOUT_MS, what: 'an assignment' })
  return { handlers, records, assignments, received, joined }
}

async function appendAll(log: Log, records: readonly NumberedRecord[]): Promise<void> {
  const { appender, stored, ended } = recordingAppender(log)
  for (const record of records) appender.append(record)
  await ended(records.length)
  assert.equal(stored.length, records.length)
  await appender.close(DEADLINE_MS)
}

const numbered = (topic: string, count: number, partition?: number) =>
  Array.from({ length: count }, (_, number) => numberedRecord(topic, number, partition))
const valuesOf = (records: readonly ConsumedRecord[]) => records.map(record => utf8(record.value))
const numbersOf = (records: readonly NumberedRecord[], partition: number) =>
  records.filter(record => record.partition === partition).map(record => record.number)

/** What any log must show. Topics and groups are fresh, so that suites may share a broker. */
export function logConformance(name: string, open: () => Promise<OpenedLog>, capabilities: LogCapabilities): void {
  describe(`log conformance: ${name}`, () => {
    const onTopic = (
      behaviour: string,
      run: (opened: OpenedLog, topic: string) => Promise<void>,
      options: { skip?: false | string } = {},
    ) =>
      test(behaviour, options, async () => {
        const opened = await open()
        const topic = uniqueName('causeway.test')
        try {
          await opened.log.ensureTopics([{ topic, partitions: PARTITIONS }])
          await run(opened, topic)
        } finally {
          await opened.close()
        }
      })
    describe('appending', () => appending(onTopic))
    describe('consuming', () => consuming(onTopic))
    describe('groups and operators', () => groups(onTopic, capabilities))
  })
}

type OnTopic = (behaviour: string, run: (opened: OpenedLog, topic: string) => Promise<void>, options?: { skip?: false | string }) => void

function appending(onTopic: OnTopic): void {
  onTopic('stores each record once, in append order for each partition', async ({ log }, topic) => {
    const { appender, stored, ended } = recordingAppender(log)
    const records = numbered(topic, 1_000)
    for (const [index, record] of records.entries()) {
      appender.append(record)
      if (index % 90 === 89) await turn()
    }
    await ended(records.length)
    assert.equal(new Set(stored).size, records.length, 'told twice, or of objects that are not the ones appended')
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const inOrder = numbersOf(records, partition)
      assert.deepEqual(numbersOf(stored, partition), inOrder)
      assert.deepEqual(
        valuesOf(await log.read(topic, partition, 0, 1_000)),
        inOrder.map(number => `value ${number}`),
      )
    }
  })

  onTopic('keeps the order of two appenders that share a partition, each for itself', async ({ log }, topic) => {
    const first = recordingAppender(log)
    const second = recordingAppender(log)
    for (let number = 0; number < 200; number++) {
      first.appender.append(numberedRecord(topic, number, 1))
      second.appender.append(numberedRecord(topic, 1_000 + number, 1))
      if (number % 20 === 0) await turn()
    }
    await Promise.all([first.ended(200), second.ended(200)])
    const numbers = (await log.read(topic, 1, 0, 1_000)).map(record => Number(utf8(record.value).slice('value '.length)))
    const ascending = Array.from({ length: 200 }, (_, number) => number)
    assert.deepEqual(
      numbers.filter(number => number < 1_000),
      ascending,
    )
    assert.deepEqual(
      numbers.filter(number => number >= 1_000),
      ascending.map(number => number + 1_000),
    )
  })

  onTopic('has a record when it says so', async ({ log }, topic) => {
    const reads: Promise<ConsumedRecord[]>[] = []
    const appender = log.appender({ stored: () => void reads.push(log.read(topic, 2, 0, 10)), refused: () => {} })
    appender.append(numberedRecord(topic, 7, 2))
    await until(() => reads.length === 1)
    assert.deepEqual(valuesOf((await reads[0]) ?? []), ['value 7'])
  })

  onTopic('carries key, header, bytes, trace and content type as given', async ({ log }, topic) => {
    const value = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const key = 'Sitzung-ß'
    await appendAll(log, [
      { ...numberedRecord(topic, 1, 0), key, value, traceparent, contentType: 'application/json' },
      numberedRecord(topic, 2, 0),
    ])
    const [full, bare] = await log.read(topic, 0, 0, 10)
    assert.ok(full && bare)
    assert.deepEqual(
      { ...full, value: Uint8Array.from(full.value) },
      { partition: 0, offset: full.offset, key, value, header: '1;1;', traceparent, contentType: 'application/json' },
    )
    assert.equal(bare.traceparent, undefined)
    assert.equal(bare.contentType, undefined)
    assert.equal(bare.header, '1;2;')
  })

  onTopic('carries an empty payload', async ({ log }, topic) => {
    await appendAll(log, [{ ...numberedRecord(topic, 1, 0), value: new Uint8Array(0) }])
    assert.equal((await log.read(topic, 0, 0, 1))[0]?.value.length, 0)
  })

  onTopic('refuses a record that is too large alone, and stores its neighbours', async ({ log }, topic) => {
    const { appender, stored, refused, ended } = recordingAppender(log)
    const records = numbered(topic, 9, 3)
    records[4]!.value = new Uint8Array(5 * 1024 * 1024)
    for (const record of records) appender.append(record)
    await ended(9)
    assert.deepEqual(
      refused.map(({ record, reason }) => [record.number, reason]),
      [[4, 'TOO_LARGE']],
    )
    assert.deepEqual(numbersOf(stored, 3), [0, 1, 2, 3, 5, 6, 7, 8])
    assert.equal((await log.read(topic, 3, 0, 10)).length, 8)
  })

  onTopic('counts what waits, down to nothing', async ({ log }, topic) => {
    const { appender, ended } = recordingAppender(log)
    for (const record of numbered(topic, 10)) appender.append(record)
    assert.equal(appender.waitingRecords, 10)
    assert.ok(appender.waitingBytes >= 70)
    await ended(10)
    assert.equal(appender.waitingRecords, 0)
    assert.equal(appender.waitingBytes, 0)
  })

  onTopic('ends everything before close resolves, and refuses what comes after', async ({ log }, topic) => {
    const { appender, stored, refused, ended } = recordingAppender(log)
    for (const record of numbered(topic, 100)) appender.append(record)
    await appender.close(DEADLINE_MS)
    assert.equal(stored.length, 100)
    appender.append(numberedRecord(topic, 100))
    await ended(101)
    assert.deepEqual(
      refused.map(({ record, reason }) => [record.number, reason]),
      [[100, 'CLOSED']],
    )
  })
}

function consuming(onTopic: OnTopic): void {
  onTopic('gives a new group everything from the first record on, in order', async ({ log }, topic) => {
    await appendAll(log, numbered(topic, 50))
    const consumed = recordingHandlers()
    const consumer = await log.consume({ group: uniqueName('group'), topic, handlers: consumed.handlers })
    await consumed.received(50)
    await appendAll(log, numbered(topic, 50))
    await consumed.received(100)
    await consumer.leave()
    assert.equal(consumed.records.length, 100)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const offsets = consumed.records.filter(record => record.partition === partition).map(record => record.offset)
      assert.deepEqual(
        offsets,
        Array.from(offsets, (_, index) => offsets[0]! + index),
      )
    }
  })

  onTopic('gives the same to its readers as to an operator', async ({ log }, topic) => {
    await appendAll(log, [{ ...numberedRecord(topic, 1, 0), traceparent: 'trace', contentType: 'text/plain' }])
    const consumed = recordingHandlers()
    const consumer = await log.consume({ group: uniqueName('group'), topic, handlers: consumed.handlers })
    await consumed.received(1)
    await consumer.leave()
    const plain = (record: ConsumedRecord | undefined) => ({ ...record, value: utf8(record?.value ?? new Uint8Array(0)) })
    assert.deepEqual(plain(consumed.records[0]), plain((await log.read(topic, 0, 0, 1))[0]))
  })

  onTopic('gives no record before assigned() has resolved', async ({ log }, topic) => {
    await appendAll(log, numbered(topic, 4))
    const gate = Promise.withResolvers<void>()
    const consumed = recordingHandlers(() => gate.promise)
    const consuming = log.consume({ group: uniqueName('group'), topic, handlers: consumed.handlers })
    await consumed.joined()
    for (let turns = 0; turns < 20; turns++) await turn()
    assert.equal(consumed.records.length, 0)
    gate.resolve()
    const consumer = await consuming
    await consumed.received(4)
    await consumer.leave()
    assert.deepEqual(consumed.assignments[0]?.toSorted(), [0, 1, 2, 3])
  })

  onTopic('begins a later generation at the commit', async ({ log }, topic) => {
    const group = uniqueName('group')
    await appendAll(log, numbered(topic, 10, 0))
    const first = recordingHandlers()
    const leaving = await log.consume({ group, topic, handlers: first.handlers })
    await first.received(10)
    await leaving.commit(new Map([[0, first.records[6]!.offset]]))
    await leaving.leave()
    const second = recordingHandlers()
    const consumer = await log.consume({ group, topic, handlers: second.handlers })
    await second.received(4)
    await consumer.leave()
    assert.deepEqual(valuesOf(second.records), ['value 6', 'value 7', 'value 8', 'value 9'])
  })

  onTopic('drops a commit that comes after leaving', async ({ log }, topic) => {
    const group = uniqueName('group')
    await appendAll(log, numbered(topic, 3, 0))
    const consumed = recordingHandlers()
    const consumer = await log.consume({ group, topic, handlers: consumed.handlers })
    await consumed.received(3)
    await consumer.commit(new Map([[0, 1]]))
    await consumer.leave()
    await consumer.commit(new Map([[0, 3]]))
    assert.equal((await log.lag(group, topic)).find(({ partition }) => partition === 0)?.committed, 1)
  })

  onTopic('holds a paused partition back while the others go on, and loses nothing of it', async ({ log }, topic) => {
    const consumed = recordingHandlers()
    const consumer = await log.consume({ group: uniqueName('group'), topic, handlers: consumed.handlers })
    await consumed.joined()
    consumer.pause([0])
    await appendAll(log, [...numbered(topic, 5, 0), ...numbered(topic, 5, 1)])
    await consumed.received(5)
    assert.deepEqual(
      consumed.records.map(record => record.partition),
      [1, 1, 1, 1, 1],
    )
    consumer.resume([0])
    await consumed.received(10)
    await consumer.leave()
    assert.deepEqual(valuesOf(consumed.records.filter(record => record.partition === 0)), [
      'value 0',
      'value 1',
      'value 2',
      'value 3',
      'value 4',
    ])
  })
}

function groups(onTopic: OnTopic, capabilities: LogCapabilities): void {
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
