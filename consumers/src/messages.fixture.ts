import type { ConsumedRecord } from '@causeway/log'
import { bucketOf, Codec, decodeFrame, encodeRecordHeader, type Frame, type RecordHeader } from '@causeway/protocol'
import { ResultsInMemory } from '@causeway/results/in-memory'
import type { FinishEntry, FinishFinal } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { Context } from './context.ts'
import { Once } from './once.ts'
import type { Reach } from './reach.ts'
import type { Ask } from './requests/requests.ts'
import { fromRecord, type StoredMessage } from './stored-message.ts'

export const SERVICE = 'orders'

export interface RecordChanges extends Partial<RecordHeader> {
  session?: string
  partition?: number
  offset?: number
  /** JSON; default null. */
  input?: unknown
  value?: Uint8Array
  traceparent?: string
}

/** A record as a gateway appends it: message 1 of session `s` to route `work`, with no deadline. */
export function recordOf(changes: RecordChanges = {}): ConsumedRecord {
  const { session = 's', partition = 0, offset = 0, input = null, value, traceparent, ...fields } = changes
  const msgId = fields.msgId ?? 1
  const header: RecordHeader = {
    msgId,
    prev: msgId - 1,
    route: 'work',
    codec: Codec.JSON,
    kind: 'request',
    gateway: 'gw-1',
    epoch: 1,
    incarnation: 'inc-1',
    principal: 'someone',
    deadline: 0,
    key: '',
    opcode: 0,
    resent: false,
    ...fields,
  }
  const bytes = value ?? Buffer.from(JSON.stringify(input))
  return { partition, offset, key: session, value: bytes, header: encodeRecordHeader(header), traceparent }
}

export function messageOf(changes: RecordChanges = {}): StoredMessage {
  const record = recordOf(changes)
  return fromRecord(record, bucketOf(record.key))
}

/** The context of a first attempt whose pushes go nowhere. */
export function contextOf(message: StoredMessage, attempt = 1): Context {
  return new Context(reachOf(), message, undefined, attempt, Number.POSITIVE_INFINITY)
}

/** Reaches nothing but effects whose results are kept in memory. */
export const reachOf = (ask?: Ask): Reach => {
  return { push: async () => {}, once: onceOf(), ask, config: undefined, effects: undefined, logger: silentLogger }
}

/** Effects whose results are kept in memory. */
export const onceOf = (): Once => new Once(SERVICE, new ResultsInMemory(), silentLogger)

/** The delivery of an entry; throws where it has none. */
export function deliveryOf(entry: FinishEntry | undefined): Frame {
  if (entry?.frame === undefined) throw new Error('expected an entry with a delivery')
  return decodeFrame(entry.frame)
}

export const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString('utf8')
export const jsonOf = (payload: Uint8Array): unknown => JSON.parse(textOf(payload))

/** The code and detail of an entry's ERROR. */
export function problemOf(entry: FinishEntry | undefined): { code: string; detail: string; traceId?: string } {
  return jsonOf(deliveryOf(entry).payload) as { code: string; detail: string; traceId?: string }
}

export const finals = (entries: readonly FinishEntry[]): FinishFinal[] => entries.filter(entry => entry.kind === 'final')
