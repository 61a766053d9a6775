import { compositeKey, type DataFolder, type Table, type Transaction } from '@causeway/embedded'
import {
  type Effects,
  EMITS_WAITING,
  EMITS_WAITING_BYTES,
  type Emit,
  type EmitWrite,
  type SharedValue,
  type StateQuery,
  type StateWrite,
  type StoredState,
  type WaitingEmit,
} from './effects.ts'
import type { FinishStatus } from './sessions.ts'
import { EmbeddedShared } from './sessions-embedded-shared.ts'
import type { SessionState } from './sessions-embedded-state.ts'

/** Emits of one service in one bucket that the log has not confirmed, oldest first. */
interface Waiting {
  emits: Map<string, WaitingEmit>
  bytes: number
}

/** An emit as kept: msgId u32, prev u32, incarnation u8+bytes, record. */
const EMIT_FIXED = 9

/**
 * State and emits of one process, in its data folder. Memory is the truth, written through with each group.
 * Table `states`: session id u32, service, key -> value; without a key -> version u32. Table `emits`: service, bucket u32, place u32 -> the emit.
 */
export class EmbeddedEffects {
  readonly #stateTable: Table
  readonly #emitTable: Table
  readonly #shared: EmbeddedShared
  /** By session id and service. */
  readonly #states = new Map<number, Map<string, StoredState>>()
  readonly #waiting = new Map<string, Waiting>()
  /** Of the source session, made where it is missing. */
  readonly #sourceOf: (emit: Emit, write: EmitWrite) => SessionState
  #nextPlace = 1
  /** What the next group writes. */
  #changes: [table: Table, key: Buffer, value: Buffer | undefined][] = []

  constructor(folder: DataFolder, sourceOf: (emit: Emit, write: EmitWrite) => SessionState) {
    this.#stateTable = folder.table('states')
    this.#emitTable = folder.table('emits')
    this.#shared = new EmbeddedShared(folder.table('shared'))
    this.#sourceOf = sourceOf
    this.#load()
  }

  /** Why a final with these effects can not be done. */
  forbidden({ outbox }: SessionState, bucket: number, { state, shared, emits }: Effects): FinishStatus | undefined {
    if (state !== undefined && this.#stateOf(outbox.id, state.service).version !== state.version) return 'conflict'
    const refused = shared === undefined ? undefined : this.#shared.forbidden(shared)
    if (refused !== undefined) return refused
    const waiting = emits === undefined ? undefined : this.#waiting.get(waitingKey(emits.service, bucket))
    const full = waiting !== undefined && (waiting.emits.size >= EMITS_WAITING || waiting.bytes > EMITS_WAITING_BYTES)
    return full ? 'emitsFull' : undefined
  }

  /** Pushes are deliveries, and come with the answer. */
  take({ outbox }: SessionState, bucket: number, { state, shared, emits }: Effects): void {
    if (state !== undefined && state.sets.length + state.deletes.length > 0) this.#write(outbox.id, state)
    if (shared !== undefined) this.#shared.write(shared)
    for (const emit of emits?.emits ?? []) this.#emit(bucket, emit, emits!)
  }

  #write(id: number, { service, sets, deletes }: StateWrite): void {
    const services = this.#states.get(id) ?? new Map<string, StoredState>()
    this.#states.set(id, services)
    const state = this.#stateOf(id, service)
    services.set(service, state)
    state.version++
    for (const [key, value] of sets) {
      state.values.set(key, value)
      this.#changes.push([this.#stateTable, compositeKey(id, service, key), asBuffer(value)])
    }
    for (const key of deletes) {
      state.values.delete(key)
      this.#changes.push([this.#stateTable, compositeKey(id, service, key), undefined])
    }
    const version = Buffer.allocUnsafe(4)
    version.writeUInt32BE(state.version)
    this.#changes.push([this.#stateTable, compositeKey(id, service), version])
  }

  #emit(bucket: number, emit: Emit, write: EmitWrite): void {
    const place = this.#nextPlace++
    const waiting = { id: String(place), ...this.#numbered(emit, write), record: emit.record }
    const { incarnation, prev } = waiting
    this.#keep(waitingKey(write.service, bucket), waiting)
    const head = Buffer.allocUnsafe(EMIT_FIXED)
    head.writeUInt8(incarnation.length, head.writeUInt32BE(prev, head.writeUInt32BE(waiting.msgId, 0)))
    const value = Buffer.concat([head, Buffer.from(incarnation, 'latin1'), emit.record])
    this.#changes.push([this.#emitTable, compositeKey(write.service, bucket, place), value])
  }

  #numbered(emit: Emit, write: EmitWrite): Pick<WaitingEmit, 'msgId' | 'prev' | 'incarnation'> {
    if (emit.source === '') return { msgId: 0, prev: 0, incarnation: '' }
    const source = this.#sourceOf(emit, write)
    source.expiresAt = write.expiresAt
    const prev = source.lastEmit++
    return { msgId: source.lastEmit, prev, incarnation: source.incarnation }
  }

  #keep(key: string, emit: WaitingEmit): void {
    const waiting = this.#waiting.get(key) ?? { emits: new Map(), bytes: 0 }
    this.#waiting.set(key, waiting)
    waiting.emits.set(emit.id, emit)
    waiting.bytes += emit.record.length
  }

  states(queries: readonly (StateQuery & { id: number | undefined })[]): StoredState[] {
    return queries.map(({ id, service }) => {
      const { version, values } = id === undefined ? nothing() : this.#stateOf(id, service)
      return { version, values: new Map(values) }
    })
  }

  shared(service: string, keys: readonly string[]): SharedValue[] {
    return this.#shared.read(service, keys)
  }

  emits(service: string, bucket: number, limit: number): WaitingEmit[] {
    const oldest: WaitingEmit[] = []
    for (const emit of this.#waiting.get(waitingKey(service, bucket))?.emits.values() ?? []) {
      if (oldest.length === limit) break
      oldest.push(emit)
    }
    return oldest
  }

  relayed(service: string, bucket: number, ids: readonly string[]): void {
    const waiting = this.#waiting.get(waitingKey(service, bucket))
    for (const id of ids) {
      const emit = waiting?.emits.get(id)
      if (emit === undefined) continue
      waiting!.emits.delete(id)
      waiting!.bytes -= emit.record.length
      this.#changes.push([this.#emitTable, compositeKey(service, bucket, Number(id)), undefined])
    }
  }

  emitsWaiting(service: string, buckets: readonly number[]): number[] {
    return buckets.map(bucket => this.#waiting.get(waitingKey(service, bucket))?.emits.size ?? 0)
  }

  sessionEnded({ outbox }: SessionState): void {
    for (const [service, { values }] of this.#states.get(outbox.id) ?? []) {
      for (const key of values.keys()) this.#changes.push([this.#stateTable, compositeKey(outbox.id, service, key), undefined])
      this.#changes.push([this.#stateTable, compositeKey(outbox.id, service), undefined])
    }
    this.#states.delete(outbox.id)
  }

  writeTo(transaction: Transaction): void {
    this.#shared.writeTo(transaction)
    const changes = this.#changes
    if (changes.length === 0) return
    this.#changes = []
    for (const [table, key, value] of changes) {
      if (value === undefined) transaction.remove(table, key)
      else transaction.put(table, key, value)
    }
  }

  #stateOf(id: number, service: string): StoredState {
    return this.#states.get(id)?.get(service) ?? nothing()
  }

  #load(): void {
    for (const { key, value } of this.#stateTable.entries()) {
      const id = key.readUInt32BE(0)
      const [service, name] = key.toString('utf8', 4).split('\0')
      const services = this.#states.get(id) ?? new Map<string, StoredState>()
      this.#states.set(id, services)
      const state = services.get(service) ?? nothing()
      services.set(service, state)
      if (name === '') state.version = value.readUInt32BE(0)
      else state.values.set(name, value)
    }
    for (const { key, value } of this.#emitTable.entries()) {
      const serviceEnd = key.indexOf(0)
      const [bucket, place] = [key.readUInt32BE(serviceEnd + 1), key.readUInt32BE(serviceEnd + 5)]
      this.#keep(waitingKey(key.toString('utf8', 0, serviceEnd), bucket), emitOf(place, value))
      this.#nextPlace = Math.max(this.#nextPlace, place + 1)
    }
  }
}

const nothing = (): StoredState => ({ version: 0, values: new Map() })
const waitingKey = (service: string, bucket: number): string => `${service} ${bucket}`
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function emitOf(place: number, value: Buffer): WaitingEmit {
  const recordAt = EMIT_FIXED + value[8]
  return {
    id: String(place),
    msgId: value.readUInt32BE(0),
    prev: value.readUInt32BE(4),
    incarnation: value.toString('latin1', EMIT_FIXED, recordAt),
    record: value.subarray(recordAt),
  }
}
