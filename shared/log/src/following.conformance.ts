import assert from 'node:assert/strict'
import { uniqueName, unless, until } from '@causeway/testing'
import {
  appendAll,
  JOIN_TIMEOUT_MS,
  type LogCapabilities,
  type NumberedRecord,
  numbered,
  numberedRecord,
  type OnTopic,
  utf8,
  valuesOf,
} from './fixture.conformance.ts'
import type { ConsumedRecord, FollowHandlers, Log } from './log.ts'

/** A follower and what it was given. */
async function following(log: Log, topic: string, partition = 0) {
  const records: ConsumedRecord[] = []
  let ends = 0
  const handlers: FollowHandlers = { records: given => void records.push(...given), caughtUp: () => void ends++ }
  const follower = await log.follow(topic, partition, handlers)
  const received = (count: number) =>
    until(() => records.length >= count, { timeoutMs: JOIN_TIMEOUT_MS, what: `${count} records to be followed` })
  const caughtUp = () => until(() => ends > 0, { timeoutMs: JOIN_TIMEOUT_MS, what: 'the end of what was stored' })
  return { follower, records, received, caughtUp, ends: () => ends }
}

const keyed = (topic: string, number: number, key: string): NumberedRecord => ({ ...numberedRecord(topic, number, 0), key })
const tombstone = (topic: string, key: string): NumberedRecord => ({ ...keyed(topic, 0, key), value: new Uint8Array(0), tombstone: true })

/** Whoever follows a partition has all of it; a compacted one keeps what was said last of each key. */
export function followingRecords(onAnyTopic: OnTopic, capabilities: LogCapabilities): void {
  const onTopic: OnTopic = (behaviour, run) => onAnyTopic(behaviour, run, unless(capabilities.follows))

  onTopic('gives every follower everything, in order, and says once that it is at the end', async ({ log }, topic) => {
    await appendAll(log, [...numbered(topic, 20, 0), ...numbered(topic, 5, 1)])
    const all = await Promise.all([following(log, topic), following(log, topic)])
    for (const { caughtUp, received } of all) {
      await caughtUp()
      await received(20)
    }
    await appendAll(log, numbered(topic, 3, 0))
    const expected = [...numbered(topic, 20, 0), ...numbered(topic, 3, 0)].map(({ number }) => `value ${number}`)
    for (const { follower, records, received, ends } of all) {
      await received(23)
      await follower.close()
      assert.deepEqual(valuesOf(records), expected)
      assert.deepEqual(
        records.map(({ offset }) => offset),
        expected.map((_, offset) => offset),
      )
      assert.equal(ends(), 1)
    }
  })

  onTopic('says of an empty partition that it is at the end, and then gives what comes', async ({ log }, topic) => {
    const { follower, records, received, caughtUp } = await following(log, topic)
    await caughtUp()
    assert.equal(records.length, 0)
    await appendAll(log, numbered(topic, 1, 0))
    await received(1)
    await follower.close()
    assert.deepEqual(valuesOf(records), ['value 0'])
  })

  onTopic('gives nothing to a follower that was closed', async ({ log }, topic) => {
    const [closed, open] = await Promise.all([following(log, topic), following(log, topic)])
    await Promise.all([closed.caughtUp(), open.caughtUp()])
    await closed.follower.close()
    await appendAll(log, numbered(topic, 2, 0))
    await open.received(2)
    await open.follower.close()
    assert.equal(closed.records.length, 0)
  })

  onTopic('keeps the last record of each key in a compacted topic, and takes away what a tombstone names', async opened => {
    const topic = uniqueName('causeway.compacted')
    const spec = { topic, partitions: 1, compacted: true }
    await opened.log.ensureTopics([spec])
    await opened.log.ensureTopics([spec])
    for (let number = 0; number < 4; number++) await appendAll(opened.log, [keyed(topic, number, 'a')])
    await appendAll(opened.log, [keyed(topic, 4, 'b')])
    await appendAll(opened.log, [tombstone(topic, 'b')])
    await appendAll(opened.log, [keyed(topic, 5, 'c')])
    const log = (await opened.reopen?.()) ?? opened.log
    const { follower, records, caughtUp } = await following(log, topic)
    await caughtUp()
    await follower.close()
    const last = new Map<string, string>()
    for (const { key, value } of records) {
      if (value.length === 0) last.delete(key)
      else last.set(key, utf8(value))
    }
    assert.deepEqual(Object.fromEntries(last), { a: 'value 3', c: 'value 5' })
  })
}
