import assert from 'node:assert/strict'
import { type Capability, until } from '@causeway/testing'
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
  /** A partition can be read without a group. */
  follows: Capability
}

export const PARTITIONS = 4
/** ms; far enough that no record of a test expires. */
export const DEADLINE_MS = 60_000
/** ms; joining a group takes a broker its time. */
export const JOIN_TIMEOUT_MS = 20_000
export const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

export interface NumberedRecord extends LogRecord {
  number: number
}

export function numberedRecord(topic: string, number: number, partition = number % PARTITIONS): NumberedRecord {
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
export function recordingAppender(log: Log) {
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
export function recordingHandlers(assigned: () => Promise<void> = async () => {}) {
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

export async function appendAll(log: Log, records: readonly NumberedRecord[]): Promise<void> {
  const { appender, stored, ended } = recordingAppender(log)
  for (const record of records) appender.append(record)
  await ended(records.length)
  assert.equal(stored.length, records.length)
  await appender.close(DEADLINE_MS)
}

export const numbered = (topic: string, count: number, partition?: number) =>
  Array.from({ length: count }, (_, number) => numberedRecord(topic, number, partition))
export const valuesOf = (records: readonly ConsumedRecord[]) => records.map(record => utf8(record.value))
export const numbersOf = (records: readonly NumberedRecord[], partition: number) =>
  records.filter(record => record.partition === partition).map(record => record.number)

/** Registers one behaviour, run on a log and a topic of its own. */
export type OnTopic = (
  behaviour: string,
  run: (opened: OpenedLog, topic: string) => Promise<void>,
  options?: { skip?: false | string },
) => void
