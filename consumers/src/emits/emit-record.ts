import type { LogRecord } from '@causeway/log'
import { requestsTopic } from '@causeway/log'
import { bucketOf, encodeRecordHeader, murmur2, partitionOf, utf8Encode } from '@causeway/protocol'
import type { WaitingEmit } from '@causeway/sessions'

/** An emit as its outbox keeps it: length of the head u32, the head as JSON, the payload. */
export interface EmitHead {
  /** '' where it goes to a topic. */
  source: string
  /** As the log calls it; '' where it goes to a topic. */
  service: string
  /** A topic of the user's own, and the record's key there. */
  topic?: string
  session?: string
  route: string
  opcode: number
  codec: number
  /** Unix ms; 0: none. */
  deadline: number
  principal: string
  key: string
  traceparent: string | undefined
  /** How many emits have led to it, itself included; left out where it goes to a topic. */
  hops?: number
}

export function packEmit(head: EmitHead, payload: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, text, payload])
}

/** The head of an emit, and its payload. */
export function unpackEmit(record: Uint8Array): { head: EmitHead; payload: Uint8Array } {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
  const payloadAt = 4 + bytes.readUInt32BE(0)
  return { head: JSON.parse(bytes.toString('utf8', 4, payloadAt)) as EmitHead, payload: bytes.subarray(payloadAt) }
}

/** The record on a topic of the user's own, with the session as its key: an event that is no message of a session. */
export function topicRecordOf({ head, payload }: { head: EmitHead; payload: Uint8Array }, partitions: number): LogRecord {
  const { topic = '', session = '', traceparent, codec, principal, key } = head
  const nowhere = { msgId: 0, prev: 0, route: '', opcode: 0, gateway: '', epoch: 0, incarnation: '', deadline: 0, resent: false }
  return {
    topic,
    // as Kafka's default partitioner
    partition: (murmur2(utf8Encode(session)) & 0x7fffffff) % partitions,
    key: session,
    value: payload,
    header: encodeRecordHeader({ ...nowhere, kind: 'event', codec, principal, key }),
    traceparent,
    deadline: Number.POSITIVE_INFINITY,
    resent: false,
  }
}

/** The record that the target service's workers read: a notification of the source session. It has no deadline of its own on its way to the log. */
export function recordOf({ msgId, prev, incarnation, record }: WaitingEmit, partitions: number): LogRecord {
  const { head, payload } = unpackEmit(record)
  const { source, service, traceparent, route, opcode, codec, deadline, principal, key, hops } = head
  const from = { gateway: '', epoch: 1, incarnation, kind: 'notify' as const, resent: false }
  return {
    topic: requestsTopic(service),
    partition: partitionOf(bucketOf(source), partitions),
    key: source,
    value: payload,
    header: encodeRecordHeader({ ...from, msgId, prev, route, opcode, codec, deadline, principal, key, hops }),
    traceparent,
    deadline: Number.POSITIVE_INFINITY,
    resent: false,
  }
}
