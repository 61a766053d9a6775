import assert from 'node:assert/strict'
import { turn, uniqueName } from '@causeway/testing'
import { appendAll, numbered, numberedRecord, type OnTopic, PARTITIONS, recordingHandlers, utf8, valuesOf } from './fixture.conformance.ts'
import type { ConsumedRecord } from './log.ts'

/** A reader gets every record in order, from its commit on, and no faster than it wants. */
export function consuming(onTopic: OnTopic): void {
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
