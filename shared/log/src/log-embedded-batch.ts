import type { ConsumedRecord, LogRecord } from './log.ts'

/**
 * A stored batch: the records of one partition that left in one group commit.
 *
 *   count u32, then per record
 *   key u16+bytes, header u16+bytes, traceparent u16+bytes, contentType u16+bytes, further headers as JSON u16+bytes (0xffff: absent), value u32+bytes
 *
 * One table entry for many records keeps a commit small; a record's offset is the batch's first offset plus its place.
 */
const COUNT_BYTES = 4
const FIELD_BYTES = 5 * 2 + 4
const ABSENT = 0xffff
/** Bytes of the longest key, header, traceparent or content type. */
export const MAX_TEXT_BYTES = ABSENT - 1

const textBytes = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text))

/** Headers beside our own; none on the hot path. */
const furtherText = (record: LogRecord): string | undefined => (record.headers === undefined ? undefined : JSON.stringify(record.headers))

/** Bytes a record takes in a batch. */
export function storedBytes(record: LogRecord): number {
  const texts =
    textBytes(record.key) +
    textBytes(record.header) +
    textBytes(record.traceparent) +
    textBytes(record.contentType) +
    textBytes(furtherText(record))
  return FIELD_BYTES + texts + record.value.length
}

/** Whether each text fits its length field. */
export function hasStorableTexts(record: LogRecord): boolean {
  return [record.key, record.header, record.traceparent, record.contentType, furtherText(record)].every(
    text => textBytes(text) <= MAX_TEXT_BYTES,
  )
}

export interface EncodedBatch {
  bytes: Buffer
  /** The records as a reader gets them, their values within `bytes`. */
  records: ConsumedRecord[]
}

/** `size` is the sum of storedBytes() over the records; the first gets `firstOffset`. */
export function encodeBatch(records: readonly LogRecord[], size: number, firstOffset: number): EncodedBatch {
  const bytes = Buffer.allocUnsafe(COUNT_BYTES + size)
  bytes.writeUInt32BE(records.length, 0)
  const consumed: ConsumedRecord[] = []
  let at = COUNT_BYTES
  for (const record of records) {
    at = writeText(bytes, at, record.key)
    at = writeText(bytes, at, record.header)
    at = writeText(bytes, at, record.traceparent)
    at = writeText(bytes, at, record.contentType)
    at = writeText(bytes, at, furtherText(record))
    at = bytes.writeUInt32BE(record.value.length, at)
    bytes.set(record.value, at)
    const end = at + record.value.length
    consumed.push(
      consumedRecord(
        record.partition,
        firstOffset + consumed.length,
        record.key,
        record.header,
        record.traceparent,
        record.contentType,
        record.headers,
        bytes.subarray(at, end),
      ),
    )
    at = end
  }
  return { bytes, records: consumed }
}

/** Records a stored batch holds, without reading them. */
export const batchCount = (bytes: Buffer): number => bytes.readUInt32BE(0)

export function decodeBatch(bytes: Buffer, partition: number, firstOffset: number): ConsumedRecord[] {
  const reader = new BatchReader(bytes, COUNT_BYTES)
  return Array.from({ length: batchCount(bytes) }, (_, place) => {
    const [key, header, traceparent, contentType, further] = [
      reader.text() ?? '',
      reader.text() ?? '',
      reader.text(),
      reader.text(),
      reader.text(),
    ]
    const headers = further === undefined ? undefined : (JSON.parse(further) as Record<string, string>)
    return consumedRecord(partition, firstOffset + place, key, header, traceparent, contentType, headers, reader.value())
  })
}

/** One shape for every record, with trace and content type only where there are any. */
function consumedRecord(
  partition: number,
  offset: number,
  key: string,
  header: string,
  traceparent: string | undefined,
  contentType: string | undefined,
  headers: Readonly<Record<string, string>> | undefined,
  value: Uint8Array,
): ConsumedRecord {
  const record: ConsumedRecord = { partition, offset, key, value, header }
  if (traceparent !== undefined) record.traceparent = traceparent
  if (contentType !== undefined) record.contentType = contentType
  if (headers !== undefined) record.headers = headers
  return record
}

function writeText(bytes: Buffer, at: number, text: string | undefined): number {
  if (text === undefined) return bytes.writeUInt16BE(ABSENT, at)
  const length = bytes.write(text, at + 2)
  bytes.writeUInt16BE(length, at)
  return at + 2 + length
}

class BatchReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  text(): string | undefined {
    const length = this.#bytes.readUInt16BE(this.#at)
    this.#at += 2
    if (length === ABSENT) return undefined
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  value(): Uint8Array {
    const length = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4 + length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
