import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { turn, until } from '@causeway/testing'
import type { FlightSender, PartitionBatch } from './flight-sender.ts'
import { KafkaAppender } from './kafka-appender.ts'
import type { LogRecord } from './log.ts'

const recordOf = (value: string): LogRecord => ({
  topic: 'topic',
  partition: 0,
  key: 'key',
  value: Buffer.from(value),
  header: '1;',
  deadline: Date.now() + 60_000,
  resent: false,
})

test('records gathered behind a flight go to the leader their partition has when it lands, without another append', async () => {
  const leader = { id: 1 }
  const flights: { values: string[]; land: () => void }[] = []
  const sender: FlightSender = {
    send: (batches: readonly PartitionBatch[]) =>
      new Promise(resolve => {
        const values = batches.flatMap(batch => batch.records.map(record => Buffer.from(record.value).toString()))
        flights.push({ values, land: () => resolve(new Set(['topic:0'])) })
      }),
    forgetMetadata: async () => {},
    close: async () => {},
  }
  const leaders = { leaderOf: () => leader.id, refresh: async () => {} }
  const stored: string[] = []
  const handlers = {
    stored: (records: readonly LogRecord[]) => void stored.push(...records.map(record => Buffer.from(record.value).toString())),
    refused: (_record: LogRecord, reason: string) => assert.fail(reason),
  }
  const appender = new KafkaAppender(sender, leaders, handlers, silentLogger)
  appender.append(recordOf('first'))
  await until(() => flights.length === 1)
  appender.append(recordOf('second'))
  // what the append itself scheduled finds the first leader busy
  await turn()
  await turn()
  leader.id = 2
  flights[0].land()
  await until(() => flights.length === 2, { what: 'the flight to the new leader' })
  flights[1].land()
  await until(() => stored.length === 2)
  assert.deepEqual(stored, ['first', 'second'])
})
