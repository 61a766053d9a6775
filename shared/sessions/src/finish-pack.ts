import { packEffects } from './effects-pack.ts'
import type { FinishEntry, FinishResult, FinishStatus, ServiceLoad } from './sessions.ts'
import { OUTCOMES } from './sessions.ts'

/** Entry kinds of the packed turn; WITH_UNPARK and WITH_EFFECTS are added to them. */
const KIND_FINAL = 0
const KIND_STREAM_FINAL = 1
const KIND_CHUNK = 2
const KIND_PUSH = 3
const WITH_UNPARK = 8
const WITH_EFFECTS = 16

const STATUSES: readonly FinishStatus[] = [
  'done',
  'duplicate',
  'expired',
  'streamTaken',
  'outboxFull',
  'failed',
  'unconfirmed',
  'conflict',
  'emitsFull',
  'sharedFull',
]
const PARKED = [undefined, 'more', 'cleared', 'lost'] as const
/** One answer of the script: index u32, status u8, parked u8. */
const ANSWER_SIZE = 6

const OUTCOME_NUMBER = new Map(OUTCOMES.map((outcome, index) => [outcome as string, index]))

/** A turn packed for the script, and where each of its entries came from in the caller's array. */
export interface PackedTurn {
  bytes: Buffer
  /** Position in the packed turn -> position in the caller's array. */
  order: number[]
}

/** Packs a turn into one argument, entries grouped by session (and incarnation, where callers differ) in the order of their first entry (layout: script-finish.ts). */
export function packTurn(entries: readonly FinishEntry[]): PackedTurn {
  const groups = new Map<string, number[]>()
  const effects = new Map<FinishEntry, Buffer>()
  let size = 0
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]
    const known = groups.get(entry.session)
    const same = known === undefined || entries[known[0]].incarnation === entry.incarnation
    const key = same ? entry.session : `${entry.session} ${entry.incarnation}`
    const group = same ? known : groups.get(key)
    if (group === undefined) {
      groups.set(key, [index])
      size += 11 + entry.session.length + entry.incarnation.length
    } else group.push(index)
    size += entrySize(entry)
    if (entry.kind === 'final' && entry.effects !== undefined) {
      const packed = packEffects(entry.effects)
      effects.set(entry, packed)
      size += 4 + packed.length
    }
  }
  const bytes = Buffer.allocUnsafe(size)
  const order: number[] = []
  let at = 0
  for (const group of groups.values()) {
    const head = entries[group[0]]
    bytes[at++] = head.bucket
    at = writeShort(bytes, at, head.session)
    at = writeShort(bytes, at, head.incarnation)
    bytes.writeUInt32BE(group.length, at)
    const lengthAt = at + 4
    at += 8
    for (const index of group) {
      order.push(index)
      at = writeEntry(bytes, at, entries[index], effects.size === 0 ? undefined : effects.get(entries[index]))
    }
    bytes.writeUInt32BE(at - lengthAt - 4, lengthAt)
  }
  return { bytes, order }
}

/** Queue ms u32, service u8+bytes; a service without a name tells nothing. */
export function packLoad(load: ServiceLoad | undefined): Buffer {
  const { service, queueMs } = load ?? { service: '', queueMs: 0 }
  const bytes = Buffer.allocUnsafe(5 + service.length)
  bytes.writeUInt32BE(Math.min(Math.max(0, Math.round(queueMs)), 0xffffffff))
  writeShort(bytes, 4, service)
  return bytes
}

/** The script's reply: the number of its write, and results in the caller's order. */
export function unpackAnswers(reply: Buffer, order: readonly number[]): { write: number; results: FinishResult[] } {
  const results: FinishResult[] = new Array(order.length).fill(DONE)
  for (let at = 8; at < reply.length; at += ANSWER_SIZE) {
    const parked = PARKED[reply[at + 5]]
    const status = STATUSES[reply[at + 4]]
    results[order[reply.readUInt32BE(at)]] = parked === undefined ? { status } : { status, parked }
  }
  return { write: reply.readDoubleBE(0), results }
}

const DONE: FinishResult = Object.freeze({ status: 'done' })

function entrySize(entry: FinishEntry): number {
  let size = 14 + (entry.frame?.length ?? 0)
  if (entry.kind !== 'push' && entry.run !== undefined) size += 5 + entry.run.length
  if (entry.kind === 'final' && entry.unpark !== undefined)
    size += 3 + entry.unpark.service.length + entry.unpark.token.length + (entry.unpark.lane?.length ?? 0)
  return size
}

function writeShort(bytes: Buffer, at: number, text: string): number {
  if (text.length > 0xff) throw new RangeError(`a text of ${text.length} characters in a finish: expected at most 255`)
  bytes[at] = text.length
  return at + 1 + bytes.write(text, at + 1, 'latin1')
}

function writeEntry(bytes: Buffer, at: number, entry: FinishEntry, effects: Buffer | undefined): number {
  const unpark = entry.kind === 'final' ? entry.unpark : undefined
  const run = entry.kind === 'push' ? undefined : entry.run
  const kind = entry.kind === 'push' ? KIND_PUSH : entry.kind === 'chunk' ? KIND_CHUNK : run === undefined ? KIND_FINAL : KIND_STREAM_FINAL
  bytes[at] = kind + (unpark === undefined ? 0 : WITH_UNPARK) + (effects === undefined ? 0 : WITH_EFFECTS)
  bytes[at + 1] = entry.kind === 'final' ? OUTCOME_NUMBER.get(entry.outcome)! : 0
  bytes.writeUInt32BE(entry.msgId ?? 0, at + 2)
  bytes.writeUInt32BE(entry.kind === 'final' ? entry.prev : 0, at + 6)
  at += 10
  if (run !== undefined && entry.kind !== 'push') {
    at = writeShort(bytes, at, run)
    bytes.writeUInt32BE(entry.chunk ?? 0, at)
    at += 4
  }
  if (unpark !== undefined) {
    at = writeShort(bytes, at, unpark.service)
    at = writeShort(bytes, at, unpark.token)
    at = writeShort(bytes, at, unpark.lane ?? '')
  }
  if (effects !== undefined) {
    bytes.writeUInt32BE(effects.length, at)
    at += 4 + effects.copy(bytes, at + 4)
  }
  const frame = entry.frame
  bytes.writeUInt32BE(frame?.length ?? 0, at)
  at += 4
  if (frame === undefined) return at
  bytes.set(frame, at)
  return at + frame.length
}
