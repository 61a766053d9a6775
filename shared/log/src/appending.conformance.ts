import assert from 'node:assert/strict'
import { turn, until } from '@causeway/testing'
import {
  appendAll,
  DEADLINE_MS,
  numbered,
  numberedRecord,
  numbersOf,
  type OnTopic,
  PARTITIONS,
  recordingAppender,
  utf8,
  valuesOf,
} from './fixture.conformance.ts'
import type { ConsumedRecord } from './log.ts'

/** Each record is stored once and in order, or refused alone and said so. */
export function appending(onTopic: OnTopic): void {
  onTopic('stores each record once, in append order for each partition', async ({ log }, topic) => {
    const { appender, stored, ended } = recordingAppender(log)
    const records = numbered(topic, 1_000)
    for (const [index, record] of records.entries()) {
      appender.append(record)
      if (index % 90 === 89) await turn()
    }
    await ended(records.length)
    await appender.close(DEADLINE_MS)
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
    await Promise.all([first.appender.close(DEADLINE_MS), second.appender.close(DEADLINE_MS)])
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
    await appender.close(DEADLINE_MS)
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
    const { appendedAt, ...rest } = full
    if (appendedAt !== undefined) assert.ok(Math.abs(Date.now() - appendedAt) < 60_000, `appended at ${appendedAt}`)
    assert.deepEqual(
      { ...rest, value: Uint8Array.from(full.value) },
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
    await appender.close(DEADLINE_MS)
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
    await appender.close(DEADLINE_MS)
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
