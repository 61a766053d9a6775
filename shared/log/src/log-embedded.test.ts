import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type DataFolder, openDataFolder } from '@causeway/embedded'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import { logConformance } from './log.conformance.ts'
import { EVENTS_TOPIC, type Log, type LogRecord } from './log.ts'
import { openEmbeddedLog } from './log-embedded.ts'

async function openFresh() {
  const path = await mkdtemp(join(tmpdir(), 'causeway-log-'))
  let folder = await openDataFolder(path, { logger: silentLogger })
  const log = await openEmbeddedLog(folder)
  const closeFolder = async (open: Log) => {
    await open.close()
    await folder.close()
  }
  let current = log
  return {
    log,
    folder: (): DataFolder => folder,
    async close() {
      await closeFolder(current)
      await rm(path, { recursive: true })
    },
    async reopen() {
      await closeFolder(current)
      folder = await openDataFolder(path, { logger: silentLogger })
      current = await openEmbeddedLog(folder)
      return current
    },
  }
}

logConformance('embedded', openFresh, { splitsPartitions: 'one process has one consumer a group', reopens: true, follows: true })

const record = (topic: string, number: number): LogRecord => ({
  topic,
  partition: 0,
  key: 'key',
  value: Buffer.from(`${number}`),
  header: '',
  deadline: Date.now() + 60_000,
  resent: false,
})

/** Appends in `groups` commits of `size` records. */
async function append(log: Log, topic: string, groups: number, size: number): Promise<void> {
  let stored = 0
  const appender = log.appender({
    stored: records => {
      stored += records.length
    },
    refused: (_, reason) => assert.fail(reason),
  })
  for (let group = 0; group < groups; group++) {
    for (let number = 0; number < size; number++) appender.append(record(topic, group * size + number))
    await until(() => stored === (group + 1) * size)
  }
}

const silent = { assigned: async () => {}, records: () => {}, revoked: async () => {} }

describe('the embedded log', () => {
  test('removes what every group has committed, and keeps numbering', async () => {
    const opened = await openFresh()
    const { log } = opened
    const topic = 'causeway.demo.requests'
    await log.ensureTopics([{ topic, partitions: 1 }])
    await append(log, topic, 10, 10)
    const fast = await log.consume({ group: 'fast', topic, handlers: silent })
    const slow = await log.consume({ group: 'slow', topic, handlers: silent })
    await slow.commit(new Map([[0, 25]]))
    await fast.commit(new Map([[0, 100]]))
    const firstKept = async () => (await log.read(topic, 0, 0, 1))[0]?.offset
    await until(async () => (await firstKept()) === 20)
    await slow.commit(new Map([[0, 100]]))
    await until(async () => (await firstKept()) === 90)
    const reopened = await opened.reopen()
    await append(reopened, topic, 1, 1)
    assert.equal((await reopened.read(topic, 0, 100, 1))[0]?.offset, 100)
    await opened.close()
  })

  test('removes more than one group takes', async () => {
    const opened = await openFresh()
    const topic = 'causeway.demo.requests'
    await opened.log.ensureTopics([{ topic, partitions: 1 }])
    await append(opened.log, topic, 600, 1)
    const consumer = await opened.log.consume({ group: 'group', topic, handlers: silent })
    await consumer.commit(new Map([[0, 600]]))
    await until(async () => (await opened.log.read(topic, 0, 0, 1_000)).length === 1)
    await opened.close()
  })

  test('keeps everything of a topic nobody has committed', async () => {
    const opened = await openFresh()
    const topic = 'causeway.demo.requests'
    await opened.log.ensureTopics([{ topic, partitions: 1 }])
    await append(opened.log, topic, 5, 10)
    await opened.log.consume({ group: 'reads', topic, handlers: silent })
    assert.equal((await opened.log.read(topic, 0, 0, 100)).length, 50)
    await opened.close()
  })

  test('keeps the last 10,000 session events and little more', async () => {
    const opened = await openFresh()
    await opened.log.ensureTopics([{ topic: EVENTS_TOPIC, partitions: 1 }])
    await append(opened.log, EVENTS_TOPIC, 25, 500)
    const kept = await opened.log.read(EVENTS_TOPIC, 0, 0, 100_000)
    assert.ok(kept.length >= 10_000 && kept.length <= 11_500, `${kept.length} kept`)
    assert.equal(kept.at(-1)?.offset, 12_499)
    await opened.close()
  })

  test('removes from a compacted topic what was said again or taken away, and keeps numbering', async () => {
    const opened = await openFresh()
    const spec = { topic: 'compacted', partitions: 1, compacted: true }
    await opened.log.ensureTopics([spec])
    for (let number = 0; number < 20; number++) await append(opened.log, spec.topic, 1, 1)
    const kept = async (log: Log) => (await log.read(spec.topic, 0, 0, 100)).map(({ offset }) => offset)
    assert.deepEqual(await kept(opened.log), [18, 19])
    const reopened = await opened.reopen()
    await append(reopened, spec.topic, 1, 3)
    await append(reopened, spec.topic, 1, 1)
    assert.deepEqual(await kept(reopened), [20, 21, 22, 23])
    await assert.rejects(reopened.ensureTopics([{ ...spec, compacted: false }]), /is compacted: that is fixed/)
    await opened.close()
  })

  test('refuses a record of a topic or partition that is not there', async () => {
    const opened = await openFresh()
    await opened.log.ensureTopics([{ topic: 'known', partitions: 1 }])
    const refused: string[] = []
    const appender = opened.log.appender({
      stored: () => assert.fail('stored'),
      refused: (_, reason, detail) => void refused.push(`${reason} ${detail}`),
    })
    appender.append(record('unknown', 1))
    appender.append({ ...record('known', 1), partition: 1 })
    await until(() => refused.length === 2)
    assert.ok(refused.every(text => text.startsWith('INVALID')))
    await opened.close()
  })

  test('gives a record up whose deadline passed while it waited', async () => {
    const opened = await openFresh()
    await opened.log.ensureTopics([{ topic: 'known', partitions: 1 }])
    const refused: string[] = []
    const appender = opened.log.appender({ stored: () => assert.fail('stored'), refused: (_, reason) => void refused.push(reason) })
    appender.append({ ...record('known', 1), deadline: Date.now() - 1 })
    await until(() => refused.length === 1)
    assert.deepEqual(refused, ['EXPIRED'])
    await opened.close()
  })

  test('does not let a second consumer into a group', async () => {
    const opened = await openFresh()
    await opened.log.ensureTopics([{ topic: 'known', partitions: 1 }])
    const first = await opened.log.consume({ group: 'group', topic: 'known', handlers: silent })
    await assert.rejects(opened.log.consume({ group: 'group', topic: 'known', handlers: silent }), /already reads known/)
    await first.leave()
    await opened.log.consume({ group: 'group', topic: 'known', handlers: silent })
    await opened.close()
  })

  test('refuses what a failing disk did not take, and says so on a ping', async () => {
    const opened = await openFresh()
    await opened.log.ensureTopics([{ topic: 'known', partitions: 1 }])
    const refused: string[] = []
    const appender = opened.log.appender({ stored: () => assert.fail('stored'), refused: (_, reason) => void refused.push(reason) })
    const failing = opened.folder().commit(() => {
      throw new Error('no disk')
    })
    appender.append(record('known', 1))
    await assert.rejects(failing)
    await until(() => refused.length === 1)
    appender.append(record('known', 2))
    await until(() => refused.length === 2)
    assert.deepEqual(refused, ['CLOSED', 'CLOSED'])
    assert.equal(appender.waitingRecords, 0)
    await assert.rejects(opened.log.ping())
    await opened.close()
  })
})
