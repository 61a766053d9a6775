import { crc32c } from '@node-rs/crc32'
import { headerText, type PartitionBatch, wireValue } from './flight-sender.ts'
import type { LogRecord } from './log.ts'
import { NULL_SIZE, ProtocolWriter, sizedLength, varintLength } from './protocol-writer.ts'

/** Of a request's body before its topics: transactional id (none), acks, timeout, their number. */
const BODY_HEAD = 12
/** Of a topic: its name's length, the number of its partitions. */
const TOPIC_HEAD = 6
/** Of a partition: its number, the size of its batch; then the batch up to its records (Kafka protocol guide, Record Batch; KIP-98). */
const PARTITION_HEAD = 8
const BATCH_HEAD = 61
/** Where a batch's length begins to count, and its checksum. */
const EPOCH_AT = 12
const ATTRIBUTES_AT = 21
const MAGIC = 2
const NONE = -1
/** Of a record: attributes, and its distance from the batch's timestamp, which is 0. */
const RECORD_HEAD = 2
/** Most that a record's lengths, offset and count of headers take, and the names of our own headers. */
const RECORD_MOST = 96
/** Most bytes of UTF-8 for a UTF-16 unit. */
const UNIT_MOST = 3

const CAUSEWAY = 'causeway'
const CAUSEWAY_LENGTH = sizedLength(CAUSEWAY.length)

/**
 * The body of a Produce request, versions 3 to 8 (Kafka protocol guide), in one buffer: uncompressed, not idempotent.
 * `now` is the time of all its records, Unix ms.
 */
export function produceBody(batches: readonly PartitionBatch[], acks: number, timeoutMs: number, now: number): Buffer {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  const units = batches.reduce((most, batch) => most + batchMost(batch, 1), BODY_HEAD)
  const ascii = bodyOf(topics, new ProtocolWriter(units, true), acks, timeoutMs, now)
  if (ascii !== undefined) return ascii
  const most = batches.reduce((most, batch) => most + batchMost(batch, UNIT_MOST), BODY_HEAD)
  return bodyOf(topics, new ProtocolWriter(most, false), acks, timeoutMs, now)!
}

/** undefined where the writer takes all texts for ASCII, and one isn't. */
function bodyOf(
  topics: ReadonlyMap<string, readonly PartitionBatch[]>,
  writer: ProtocolWriter,
  acks: number,
  timeoutMs: number,
  now: number,
): Buffer | undefined {
  writer.int16(NONE)
  writer.int16(acks)
  writer.int32(timeoutMs)
  writer.int32(topics.size)
  for (const [topic, own] of topics) {
    const length = writer.lengthOf(topic)
    writer.int16(length)
    writer.text(topic, length)
    writer.int32(own.length)
    for (const batch of own) writeBatch(writer, batch, now)
  }
  return writer.mistaken ? undefined : writer.written
}

/** More than the partition takes in the request, its topic counted with each, where a UTF-16 unit takes so many bytes. */
function batchMost({ topic, records }: PartitionBatch, unitBytes: number): number {
  let most = TOPIC_HEAD + topic.length * unitBytes + PARTITION_HEAD + BATCH_HEAD
  for (const { key, value, header, traceparent, contentType, headers } of records) {
    most += RECORD_MOST + value.length + (key.length + header.length) * unitBytes
    if (traceparent !== undefined) most += traceparent.length * unitBytes
    if (contentType !== undefined) most += contentType.length * unitBytes
    for (const name in headers) most += RECORD_MOST + (name.length + headers[name].length) * unitBytes
  }
  return most
}

function writeBatch(writer: ProtocolWriter, { partition, records }: PartitionBatch, now: number): void {
  writer.int32(partition)
  const start = writer.at + 4
  writer.at = start + ATTRIBUTES_AT
  writer.int16(0)
  writer.int32(records.length - 1)
  writer.int64(now)
  writer.int64(now)
  // producer id, its epoch and the first sequence: it is not idempotent
  writer.int64(NONE)
  writer.int16(NONE)
  writer.int32(NONE)
  writer.int32(records.length)
  for (let index = 0; index < records.length; index++) writeRecord(writer, records[index], index)
  const end = writer.at
  writer.at = start - 4
  writer.int32(end - start)
  writer.int64(0)
  writer.int32(end - start - EPOCH_AT)
  writer.int32(NONE)
  writer.int8(MAGIC)
  writer.uint32(crc32c(writer.bytes.subarray(start + ATTRIBUTES_AT, end)))
  writer.at = end
}

function writeRecord(writer: ProtocolWriter, record: LogRecord, index: number): void {
  const { key } = record
  const value = wireValue(record)
  const header = headerText(record)
  const further = furtherHeaders(record)
  const keyLength = writer.lengthOf(key)
  const headerLength = writer.lengthOf(header)
  const count = 1 + further.length / 2
  let length =
    RECORD_HEAD + varintLength(index) + sizedLength(keyLength) + varintLength(count) + CAUSEWAY_LENGTH + sizedLength(headerLength)
  length += value === null ? NULL_SIZE : sizedLength(value.length)
  for (const text of further) length += sizedLength(writer.lengthOf(text))
  writer.varint(length)
  writer.int8(0)
  writer.varint(0)
  writer.varint(index)
  writer.sizedText(key, keyLength)
  if (value === null) writer.varint(NONE)
  else writer.sizedBytes(value)
  writer.varint(count)
  writer.sizedText(CAUSEWAY, CAUSEWAY.length)
  writer.sizedText(header, headerLength)
  for (const text of further) writer.sizedText(text, writer.lengthOf(text))
}

const NO_HEADERS: readonly string[] = []

/** Names and values of what a record has beside the header that all have. */
function furtherHeaders({ traceparent, contentType, headers }: LogRecord): readonly string[] {
  if (traceparent === undefined && contentType === undefined && headers === undefined) return NO_HEADERS
  const further: string[] = []
  if (traceparent !== undefined) further.push('traceparent', traceparent)
  if (contentType !== undefined) further.push('content-type', contentType)
  for (const [name, text] of Object.entries(headers ?? {})) further.push(name, text)
  return further
}
