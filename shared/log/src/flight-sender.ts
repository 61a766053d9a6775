import type { LogRecord } from './log.ts'

/** The records of one flight that lie in one partition, in append order. */
export interface PartitionBatch<R extends LogRecord = LogRecord> {
  topic: string
  partition: number
  records: readonly R[]
}

/** Kafka refused the flight for what a record of it is, not for the state of the cluster: splitting finds the record. */
export class RecordRefused extends Error {
  readonly reason: 'TOO_LARGE' | 'INVALID'

  constructor(reason: 'TOO_LARGE' | 'INVALID', cause: unknown) {
    super(`Kafka refuses a record of this flight: ${reason}`, { cause })
    this.reason = reason
  }
}

/**
 * One Kafka client as the appender wants it: no retries, no idempotence, no batching of its own. Both libraries can call a
 * record stored that is not (docs/adr/0002); so the appender believes only the partitions that a reply names.
 */
export interface FlightSender {
  /**
   * Sends the batches of one leader with acks=all. Resolves with the partitions the reply named as stored, as `topic:partition`.
   * Rejects with RecordRefused where a record is to blame; any other rejection means that nothing is known.
   */
  send(batches: readonly PartitionBatch[]): Promise<Set<string>>
  /** Forgets what it knows of leaders. */
  forgetMetadata(): Promise<void>
  close(): Promise<void>
}

/** Names of Kafka's error codes that blame the record (protocol guide, error codes 10, 18, 87 and 32). */
const TOO_LARGE_ERRORS = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
const INVALID_ERRORS = new Set(['INVALID_RECORD', 'INVALID_TIMESTAMP'])

/** Walks an error's causes and parts for the name of a Kafka error that blames the record. */
export function asRecordRefused(error: unknown, nameOf: (error: object) => unknown): RecordRefused | undefined {
  const waiting: unknown[] = [error]
  for (let seen = 0; seen < waiting.length && seen < 64; seen++) {
    const candidate = waiting[seen]
    if (typeof candidate !== 'object' || candidate === null) continue
    const name = nameOf(candidate)
    if (TOO_LARGE_ERRORS.has(String(name))) return new RecordRefused('TOO_LARGE', error)
    if (INVALID_ERRORS.has(String(name))) return new RecordRefused('INVALID', error)
    if ('cause' in candidate) waiting.push(candidate.cause)
    if ('errors' in candidate && Array.isArray(candidate.errors)) waiting.push(...candidate.errors)
  }
  return undefined
}

/** The record's own bytes as a Buffer without a copy. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The value as it goes on the wire: a tombstone has none. */
export const wireValue = ({ value, tombstone }: LogRecord): Buffer | null => (tombstone === true ? null : asBuffer(value))

/** The `causeway` header as it goes on the wire: a record sent again carries the mark `r`, last of the header. */
export const headerText = (record: LogRecord): string => (record.resent ? `${record.header}r` : record.header)
