import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import type { AppenderHandlers, Log, LogRecord } from '@causeway/log'
import { bucketOf, decodeRecordHeader, partitionOf } from '@causeway/protocol'
import type { KnownEvent, Picture } from '@causeway/registry'
import { silentLogger } from '@causeway/telemetry'
import { turn, until } from '@causeway/testing'
import { EVENT_GRACE_MS, EVENTS_WAITING } from './limits.ts'
import { SessionEvents } from './session-events.ts'

const NAMES = ['session.opened', 'session.resumed', 'session.closed']
const ANN = { id: 'ann-1', principal: 'ann', epoch: 1, incarnation: 'inc' }

/** What services want, and whether a worker of theirs lives. */
function pictureOf(names: readonly string[], live = true, lastSeen = Date.now()): Picture {
  const events: KnownEvent[] = names.map(name => ({ name, service: 'watch', lastSeen }))
  const worker = { kind: 'worker', id: 'w', host: 'h', startedAt: 0, stats: {}, service: 'watch', version: '1', routes: [] } as const
  return { gateways: [], workers: live ? [{ ...worker, routes: [], events: [...names] }] : [], routes: new Map(), events, stale: false }
}

/** A gateway's events on a log that keeps what it is given, and confirms nothing. */
function eventsOf() {
  const appended: LogRecord[] = []
  const faults: string[] = []
  const looked: object[] = []
  let handlers: AppenderHandlers<LogRecord> | undefined
  const log = {
    fault: undefined as Error | undefined,
    async ensureTopics(topics: object[]) {
      looked.push(...topics)
      if (log.fault !== undefined) throw log.fault
    },
    appender(given: AppenderHandlers<LogRecord>) {
      handlers = given
      const append = (record: LogRecord) => void appended.push(record)
      return { append, waitingBytes: 0, waitingRecords: 0, close: async () => undefined }
    },
  }
  const health = { fault: (name: string, error: string) => void faults.push(`${name}: ${error}`), mended: () => void faults.splice(0) }
  const events = new SessionEvents({
    ...{ gateway: 'gw-1', partitions: 8, replication: 1, health, logger: silentLogger },
    log: log as unknown as Log,
  })
  const told = () => appended.map(({ value }) => JSON.parse(Buffer.from(value).toString()) as Record<string, unknown>)
  return { events, appended, told, faults, looked, log, refuse: (record: LogRecord) => handlers!.refused(record, 'EXPIRED', 'no reply') }
}

describe('session events', () => {
  test('are not written while nobody wants them, and no topic is made', async () => {
    const { events, appended, looked } = eventsOf()
    events.follow(pictureOf([]))
    events.opened(ANN)
    await turn()
    assert.deepEqual([appended, looked, events.written], [[], [], {}])
  })

  test('are written as what they are: key, partition, header and value', async () => {
    const { events, appended, told, looked } = eventsOf()
    events.follow(pictureOf(NAMES))
    events.opened(ANN)
    events.resumed({ ...ANN, epoch: 2 })
    events.closed({ ...ANN, epoch: 2 }, 'expired')
    await until(() => appended.length === 3)
    assert.deepEqual(looked, [{ topic: 'causeway.events', partitions: 8, replication: 1 }])
    const [opened] = appended
    assert.deepEqual([opened.topic, opened.key, opened.partition], ['causeway.events', 'ann-1', partitionOf(bucketOf('ann-1'), 8)])
    const { kind, route, key, principal, epoch } = decodeRecordHeader(opened.header)
    assert.deepEqual([kind, route, key, principal, epoch], ['event', 'session.opened', 'ann-1/session.opened/1', 'ann', 1])
    const { at, ...value } = told()[0]
    assert.deepEqual(value, { event: 'session.opened', session: 'ann-1', principal: 'ann', gateway: 'gw-1', epoch: 1 })
    assert.ok(Math.abs(Date.now() - (at as number)) < 5_000)
    assert.deepEqual(
      told().map(({ event, epoch, reason }) => [event, epoch, reason]),
      [
        ['session.opened', 1, undefined],
        ['session.resumed', 2, undefined],
        ['session.closed', 2, 'expired'],
      ],
    )
  })

  test('are left out one by one: only those are written that are wanted', async () => {
    const { events, appended, told } = eventsOf()
    events.follow(pictureOf(['session.closed']))
    events.opened(ANN)
    events.closed(ANN, 'operator')
    await until(() => appended.length > 0)
    assert.deepEqual(
      told().map(({ event, reason }) => [event, reason]),
      [['session.closed', 'operator']],
    )
  })

  test('sessions that no client has make none', async () => {
    const { events, appended } = eventsOf()
    events.follow(pictureOf(NAMES))
    events.opened({ ...ANN, id: '~once' })
    events.opened(ANN)
    await until(() => appended.length > 0)
    assert.deepEqual(
      appended.map(({ key }) => key),
      ['ann-1'],
    )
  })

  test('are written on for a day after the last worker that wants them', async () => {
    const { events, appended } = eventsOf()
    events.follow(pictureOf(NAMES, false, Date.now() - EVENT_GRACE_MS + 10_000))
    events.opened(ANN)
    await until(() => appended.length === 1)
    events.follow(pictureOf(NAMES, false, Date.now() - EVENT_GRACE_MS - 1))
    events.opened(ANN)
    assert.equal(appended.length, 1)
  })

  test('wait, so many, for a topic that is not as expected; the gateway is not ready then', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const { events, appended, faults, log } = eventsOf()
      log.fault = new Error('16 partitions, expected 8')
      events.follow(pictureOf(NAMES))
      await turn()
      assert.deepEqual(faults, ['topic of session events: 16 partitions, expected 8'])
      for (let n = 0; n < EVENTS_WAITING + 5; n++) events.opened(ANN)
      assert.deepEqual([appended.length, events.waiting, events.dropped], [0, EVENTS_WAITING, 5])
      log.fault = undefined
      mock.timers.tick(10_000)
      await turn()
      assert.deepEqual([appended.length, faults], [EVENTS_WAITING, []])
    } finally {
      mock.timers.reset()
    }
  })

  test('that the log does not confirm are counted', async () => {
    const { events, appended, refuse } = eventsOf()
    events.follow(pictureOf(NAMES))
    events.opened(ANN)
    await until(() => appended.length === 1)
    refuse(appended[0])
    assert.equal(events.dropped, 1)
  })
})
