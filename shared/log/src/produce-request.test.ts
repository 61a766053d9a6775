import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PartitionBatch } from './flight-sender.ts'
import type { LogRecord } from './log.ts'
import { produceBody } from './produce-request.ts'
import { recordOf } from './record.fixture.ts'

const NOW = 1_790_000_000_123
const ACKS_ALL = -1
const TIMEOUT_MS = 5_000

interface Decoder {
  offset: number
  buffer: Buffer
  readInt16(): number
  readInt32(): number
  readString(): string
}
interface Decoded {
  firstTimestamp: string
  maxTimestamp: string
  producerId: string
  lastOffsetDelta: number
  records: { key: Buffer | null; value: Buffer | null; offset: string; timestamp: string; headers: Record<string, Buffer> }[]
}

// kafkajs reads what we write: its decoder, and the checksum that it leaves unread
const require = createRequire(import.meta.url)
const KafkaDecoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: Decoder) => Promise<Decoded>
const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number

function flightOf(records: readonly LogRecord[]): PartitionBatch[] {
  const grouped = Map.groupBy(records, ({ topic, partition }) => `${topic} ${partition}`)
  return Array.from(grouped.values(), own => ({ topic: own[0].topic, partition: own[0].partition, records: own }))
}

async function read(body: Buffer): Promise<Map<string, Decoded>> {
  const decoder = new KafkaDecoder(body)
  assert.deepEqual([decoder.readInt16(), decoder.readInt16(), decoder.readInt32()], [-1, ACKS_ALL, TIMEOUT_MS])
  const batches = new Map<string, Decoded>()
  for (let topics = decoder.readInt32(); topics > 0; topics--) {
    const topic = decoder.readString()
    for (let partitions = decoder.readInt32(); partitions > 0; partitions--) {
      const partition = decoder.readInt32()
      const bytes = body.subarray(decoder.offset + 4, decoder.offset + 4 + decoder.readInt32())
      decoder.offset += bytes.length
      assert.equal(bytes.readUInt32BE(17), crc32C(bytes.subarray(21)))
      batches.set(`${topic} ${partition}`, await decodeBatch(new KafkaDecoder(bytes)))
    }
  }
  assert.equal(decoder.offset, body.length)
  return batches
}

test('what a flight holds is what kafkajs reads of it, whatever its texts and values', async () => {
  const property = fc.asyncProperty(fc.array(recordOf, { minLength: 1, maxLength: 12 }), async records => {
    const flight = flightOf(records)
    const batches = await read(produceBody(flight, ACKS_ALL, TIMEOUT_MS, NOW))
    assert.equal(batches.size, flight.length)
    for (const { topic, partition, records: own } of flight) {
      const batch = batches.get(`${topic} ${partition}`)!
      assert.deepEqual([batch.firstTimestamp, batch.maxTimestamp, batch.producerId], [String(NOW), String(NOW), '-1'])
      assert.equal(batch.lastOffsetDelta, own.length - 1)
      assert.deepEqual(
        batch.records.map(({ key, value, offset, timestamp, headers }) => ({
          ...{ key: String(key), value: value === null ? null : [...value], offset, timestamp },
          headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
        })),
        own.map((record, index) => ({
          ...{
            key: wellFormed(record.key),
            value: record.tombstone ? null : [...record.value],
            offset: String(index),
            timestamp: String(NOW),
          },
          headers: headersOf(record),
        })),
      )
    }
  })
  await fc.assert(property, { numRuns: 300 })
})

test('a flight of more records than a varint of two bytes counts, and of values beyond one of three', async () => {
  const value = Buffer.alloc(3 << 20, 'v')
  const small = Array.from({ length: 9_000 }, (_, index): LogRecord => recordWith(Buffer.from(String(index))))
  const batches = [...(await read(produceBody(flightOf([...small, recordWith(value)]), ACKS_ALL, TIMEOUT_MS, NOW))).values()]
  const { records } = batches[0]
  assert.deepEqual(
    records.slice(0, -1).map(record => String(record.value)),
    small.map((_, index) => String(index)),
  )
  assert.ok(records.at(-1)!.value!.equals(value))
})

const recordWith = (value: Buffer): LogRecord => ({ topic: 't', partition: 0, key: 'k', value, header: '1;', deadline: 0, resent: false })

/** A lone surrogate is written as U+FFFD, as everywhere where UTF-16 becomes UTF-8. */
const wellFormed = (text: string): string => Buffer.from(text).toString()

function headersOf(record: LogRecord): Record<string, string> {
  const headers: Record<string, string> = { causeway: record.resent ? `${record.header}r` : record.header }
  if (record.traceparent !== undefined) headers.traceparent = record.traceparent
  if (record.contentType !== undefined) headers['content-type'] = record.contentType
  Object.assign(headers, record.headers)
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [wellFormed(name), wellFormed(text)]))
}
