import type { ConsumedRecord } from '@causeway/log'
import { bucketOf, decodeRecordHeader, type RecordHeader } from '@causeway/protocol'
import type { RetryMessage } from '@causeway/retries'

/** A message as it came out of the log or of the retries. */
export interface StoredMessage {
  readonly session: string
  readonly bucket: number
  readonly header: RecordHeader
  readonly headerText: string
  readonly value: Uint8Array
  readonly traceparent: string | undefined
  readonly contentType: string | undefined
  /** Its payload, where it was decoded before its handler asks for it. */
  decoded?: { readonly value: unknown }
}

/** Throws ProtocolError where the record's header is none of ours. */
export function fromRecord(record: ConsumedRecord, bucket: number): StoredMessage {
  return {
    session: record.key,
    bucket,
    header: decodeRecordHeader(record.header),
    headerText: record.header,
    value: record.value,
    traceparent: record.traceparent,
    contentType: record.contentType,
  }
}

export function fromRetry(message: RetryMessage): StoredMessage {
  return {
    session: message.session,
    bucket: bucketOf(message.session),
    header: decodeRecordHeader(message.header),
    headerText: message.header,
    value: message.value,
    traceparent: message.traceparent,
    contentType: message.contentType,
  }
}

export function toRetry(service: string, message: StoredMessage): RetryMessage {
  const { session, bucket, header, headerText, value, traceparent, contentType } = message
  return {
    service,
    session,
    bucket,
    incarnation: header.incarnation,
    msgId: header.msgId,
    route: header.route,
    header: headerText,
    value,
    traceparent,
    contentType,
    attempts: 0,
    errors: [],
  }
}
