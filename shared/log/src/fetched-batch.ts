import type { ConsumedRecord } from './log.ts'

/** Where parts of a batch begin (Kafka protocol guide, Record Batch; KIP-98); its length counts from EPOCH_AT on. */
const LENGTH_AT = 8
const EPOCH_AT = 12
const MAGIC_AT = 16
const ATTRIBUTES_AT = 21
const LAST_DELTA_AT = 23
const FIRST_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const COUNT_AT = 57
const RECORDS_AT = 61
const MAGIC = 2
/** Attributes: how it is compressed, whether it is of a transaction or tells of one; whether the broker gave the time. */
const NOT_PLAIN = 0b110111
const BROKER_TIME = 0b1000

const CAUSEWAY = Buffer.from('causeway')
const EMPTY = Buffer.alloc(0)

/** A batch as a fetch brought it, uncompressed and of no transaction. Its records are read where they lie: their values are views. */
export class FetchedBatch {
  readonly #bytes: Buffer
  readonly firstOffset: number
  readonly lastOffset: number
  #at = RECORDS_AT

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.firstOffset = Number(bytes.readBigInt64BE(0))
    this.lastOffset = this.firstOffset + bytes.readInt32BE(LAST_DELTA_AT)
  }

  /** The batch that begins there; undefined where it is cut off, or has another form. */
  static at(bytes: Buffer, offset: number): FetchedBatch | undefined {
    if (bytes.length < offset + RECORDS_AT) return undefined
    const end = offset + EPOCH_AT + bytes.readInt32BE(offset + LENGTH_AT)
    const plain = bytes[offset + MAGIC_AT] === MAGIC && (bytes.readInt16BE(offset + ATTRIBUTES_AT) & NOT_PLAIN) === 0
    return plain && end <= bytes.length ? new FetchedBatch(bytes.subarray(offset, end)) : undefined
  }

  get length(): number {
    return this.#bytes.length
  }

  /** Its records from an offset on: a fetch brings whole batches. */
  records(partition: number, from: number): ConsumedRecord[] {
    const bytes = this.#bytes
    const brokerTime = (bytes.readInt16BE(ATTRIBUTES_AT) & BROKER_TIME) !== 0
    const time = Number(bytes.readBigInt64BE(brokerTime ? MAX_TIMESTAMP_AT : FIRST_TIMESTAMP_AT))
    const records: ConsumedRecord[] = []
    this.#at = RECORDS_AT
    for (let left = bytes.readInt32BE(COUNT_AT); left > 0; left--) {
      const length = this.#varint()
      const end = this.#at + length
      this.#at++
      const delta = this.#varint()
      const offset = this.firstOffset + this.#varint()
      if (offset >= from) records.push(this.#record(partition, offset, brokerTime ? time : time + delta))
      this.#at = end
    }
    return records
  }

  #record(partition: number, offset: number, appendedAt: number): ConsumedRecord {
    const key = this.#text()
    const value = this.#value()
    // all fields at once, and all of them: records share one shape
    const record: ConsumedRecord = { partition, offset, key, value, header: '', appendedAt, traceparent: undefined, contentType: undefined }
    for (let left = this.#varint(); left > 0; left--) this.#header(record)
    return record
  }

  #header(record: ConsumedRecord): void {
    const length = this.#varint()
    const at = this.#at
    this.#at += length
    if (this.#isCauseway(at, length)) {
      record.header = this.#text()
      return
    }
    const name = this.#bytes.toString('utf8', at, at + length)
    const text = this.#text()
    if (name === 'traceparent') record.traceparent = text
    else if (name === 'content-type') record.contentType = text
    else {
      record.headers ??= {}
      ;(record.headers as Record<string, string>)[name] = text
    }
  }

  #isCauseway(at: number, length: number): boolean {
    if (length !== CAUSEWAY.length) return false
    for (let i = 0; i < length; i++) if (this.#bytes[at + i] !== CAUSEWAY[i]) return false
    return true
  }

  /** '' for null. */
  #text(): string {
    const length = this.#varint()
    if (length <= 0) return ''
    const at = this.#at
    this.#at += length
    return this.#bytes.toString('utf8', at, this.#at)
  }

  #value(): Buffer {
    const length = this.#varint()
    if (length <= 0) return EMPTY
    const at = this.#at
    this.#at += length
    return this.#bytes.subarray(at, this.#at)
  }

  /** Zigzag, up to 2^53. */
  #varint(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++]
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    for (let unit = 0x80; byte >= 0x80; unit *= 0x80) {
      byte = bytes[this.#at++]
      value += (byte & 0x7f) * unit
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
