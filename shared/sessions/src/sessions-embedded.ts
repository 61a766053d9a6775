import { type DataFolder, type Parking, parkingOf, type Table, type Transaction } from '@causeway/embedded'
import type { Logger } from '@causeway/telemetry'
import type { Emit, EmitWrite, SharedValue, StateQuery, StoredState, WaitingEmit } from './effects.ts'
import type {
  CatchUpAnswer,
  CatchUpQuery,
  EndedSession,
  FinishEntry,
  FinishResult,
  FinishStatus,
  Ledger,
  Listening,
  Mark,
  MarkQuery,
  OpenSession,
  RenewEntry,
  RenewStatus,
  ResumeRequest,
  ResumeResult,
  ServiceLoad,
  SessionInfo,
  Sessions,
  WakeHandlers,
} from './sessions.ts'
import { EmbeddedEffects } from './sessions-embedded-effects.ts'
import { finishEntry } from './sessions-embedded-finish.ts'
import { renew, takeOver } from './sessions-embedded-lease.ts'
import { EmbeddedLedger } from './sessions-embedded-ledger.ts'
import { Outbox, outboxOwner } from './sessions-embedded-outbox.ts'
import { decodeSession, encodeSession, SessionState } from './sessions-embedded-state.ts'
import { Totals } from './sessions-embedded-totals.ts'
import { type Wake, Wakes } from './sessions-embedded-wake.ts'

const DONE: FinishResult = { status: 'done' }

/**
 * The sessions of one process, in its data folder. Memory is the truth and is written through: a call takes effect at
 * once, and its promise resolves when the group commit that holds it is on disk. Wake-ups follow the commit, straight to
 * the listeners in this process, so lost() is never called. A failed commit is fatal for the folder; every call then rejects.
 */
export async function openEmbeddedSessions(folder: DataFolder, options: { logger: Logger }): Promise<Sessions> {
  const sessions = new EmbeddedSessions(folder)
  const { total } = await sessions.list(0)
  if (total > 0) options.logger.info({ sessions: total, folder: folder.path }, 'sessions taken up from the data folder')
  return sessions
}

class EmbeddedSessions implements Sessions {
  readonly #folder: DataFolder
  readonly #parking: Parking
  readonly #records: Table
  readonly #deliveries: Table
  readonly #totals: Totals
  readonly #ledger: EmbeddedLedger
  readonly #effects: EmbeddedEffects
  readonly #wakes = new Wakes()
  readonly #sessions = new Map<string, SessionState>()
  #nextId = 1
  /** Changed since the last group. */
  #changed = new Set<SessionState>()
  #ended = new Set<SessionState>()
  /** Resolves with the group that is being gathered. */
  #group: Promise<void> | undefined

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#parking = parkingOf(folder)
    this.#records = folder.table('sessions')
    this.#deliveries = folder.table('deliveries')
    this.#totals = new Totals(folder.table('totals'))
    const { waiting } = this.#parking
    this.#ledger = new EmbeddedLedger(this.#totals, waiting)
    this.#load()
    this.#effects = new EmbeddedEffects(folder, (emit, write) => this.#sourceOf(emit, write))
    waiting.isUnfinished = (session, msgId, incarnation) => {
      const state = this.#sessions.get(session)
      return state !== undefined && (incarnation ?? state.incarnation) === state.incarnation && !state.marks.has(msgId)
    }
    waiting.prune()
  }

  open(sessions: readonly OpenSession[]): Promise<void> {
    for (const opened of sessions) {
      this.#end(this.#sessions.get(opened.session))
      this.#begin(opened)
    }
    return this.#commit()
  }

  #begin(opened: OpenSession): SessionState {
    const state = new SessionState(opened, new Outbox(this.#deliveries, this.#nextId++))
    this.#sessions.set(opened.session, state)
    this.#changed.add(state)
    return state
  }

  #sourceOf({ source: session, bucket }: Emit, { principal, incarnation, expiresAt }: EmitWrite): SessionState {
    const state =
      this.#sessions.get(session) ?? this.#begin({ session, bucket, principal, incarnation, expiresAt, tokenDigest: '', gateway: '' })
    this.#changed.add(state)
    return state
  }

  async resume(request: ResumeRequest): Promise<ResumeResult> {
    const state = this.#sessions.get(request.session)
    if (!state) return { status: 'unknown' }
    if (state.tokenDigest !== request.tokenDigest || state.principal !== request.principal) return { status: 'denied' }
    // the same attempt is the same call made again
    if (request.attempt > 0 && request.attempt < state.attempt) return { status: 'stale' }
    const result = takeOver(state, request)
    if (state.isRenamed) this.#ledger.wentBack(state)
    state.isRenamed = false
    this.#changed.add(state)
    await this.#commit()
    const { previousGateway } = result
    if (previousGateway !== '' && previousGateway !== request.gateway) this.#wakes.replaced(previousGateway, state.session, result.epoch)
    return result
  }

  async finish(entries: readonly FinishEntry[], load?: ServiceLoad): Promise<FinishResult[]> {
    if (load !== undefined) this.#wakes.load(load)
    const results = entries.map(entry => this.#finish(entry))
    await this.#commit()
    return results
  }

  async marks(queries: readonly MarkQuery[]): Promise<Mark[]> {
    return queries.map(({ session, incarnation, msgId }) => {
      const state = this.#sessions.get(session)
      if (state?.incarnation !== incarnation) return 'gone'
      return state.marks.has(msgId) ? 'finished' : 'fresh'
    })
  }

  async states(queries: readonly StateQuery[]): Promise<StoredState[]> {
    return this.#effects.states(queries.map(query => ({ ...query, id: this.#sessions.get(query.session)?.outbox.id })))
  }

  async shared(service: string, keys: readonly string[]): Promise<SharedValue[]> {
    return this.#effects.shared(service, keys)
  }

  async emits(service: string, bucket: number, limit: number): Promise<WaitingEmit[]> {
    await this.#commit()
    return this.#effects.emits(service, bucket, limit)
  }

  async relayed(service: string, bucket: number, ids: readonly string[]): Promise<void> {
    this.#effects.relayed(service, bucket, ids)
    await this.#commit()
  }

  async emitsWaiting(service: string, buckets: readonly number[]): Promise<number[]> {
    return this.#effects.emitsWaiting(service, buckets)
  }

  async renew(entries: readonly RenewEntry[]): Promise<RenewStatus[]> {
    const statuses = entries.map(entry => {
      const state = this.#sessions.get(entry.session)
      if (state?.incarnation !== entry.incarnation) return 'gone'
      const { status, isChanged } = renew(state, entry)
      if (status === 'wentBack') this.#ledger.wentBack(state)
      if (isChanged) this.#changed.add(state)
      return status
    })
    await this.#commit()
    return statuses
  }

  async outbox({ session, above }: CatchUpQuery, limit: number): Promise<CatchUpAnswer> {
    await this.#commit()
    return this.#answer(session, above, limit)
  }

  async catchUp(queries: readonly CatchUpQuery[]): Promise<CatchUpAnswer[]> {
    const behind = queries.filter(({ session, above }) => (this.#sessions.get(session)?.seq ?? Number.POSITIVE_INFINITY) > above)
    if (behind.length === 0) return []
    await this.#commit()
    return behind.map(({ session, above }) => this.#answer(session, above, Number.POSITIVE_INFINITY))
  }

  async end(session: string, _bucket: number, epoch: number): Promise<void> {
    const state = this.#sessions.get(session)
    if (state?.epoch === epoch) this.#end(state)
    await this.#commit()
  }

  async sweep(now: number): Promise<EndedSession[]> {
    const ended = [...this.#sessions.values()].filter(({ expiresAt }) => expiresAt <= now)
    for (const state of ended) this.#end(state)
    if (ended.length > 0) await this.#commit()
    return ended.map(({ session, principal, epoch, incarnation }) => ({ session, principal, epoch, incarnation }))
  }

  async listen(gateway: string, handlers: WakeHandlers): Promise<Listening> {
    return this.#wakes.listen(gateway, handlers)
  }

  async info(session: string): Promise<SessionInfo | undefined> {
    return this.#sessions.get(session)?.info(this.#parking.waiting.of(session))
  }

  async list(limit: number): Promise<{ total: number; sessions: string[] }> {
    return { total: this.#sessions.size, sessions: [...this.#sessions.keys()].slice(0, limit) }
  }

  async ledger(): Promise<Ledger> {
    return this.#ledger.read(this.#sessions.values())
  }

  async inFlight(buckets: readonly number[], limit: number): Promise<{ session: string; inFlight: number }[]> {
    const wanted = new Set(buckets)
    const found: { session: string; inFlight: number }[] = []
    for (const state of this.#sessions.values()) {
      const inFlight = wanted.has(state.bucket) ? this.#ledger.inFlight(state) : 0
      if (inFlight > 0 && found.push({ session: state.session, inFlight }) === limit) break
    }
    return found
  }

  async ping(): Promise<void> {
    if (this.#folder.failure) throw this.#folder.failure
  }

  /** Everything written is on disk; the folder stays open for the other adapters. */
  async close(): Promise<void> {
    if (!this.#folder.failure) await this.#commit()
  }

  #finish(entry: FinishEntry): FinishResult {
    const state = this.#sessions.get(entry.session)
    const isGone = state === undefined || (entry.incarnation !== '' && entry.incarnation !== state.incarnation)
    const status = isGone ? 'expired' : finishEntry(state, entry, effects => this.#effects.forbidden(state, entry.bucket, effects))
    if (status === 'done') this.#changed.add(state!)
    if (entry.kind === 'final') {
      if (status === 'done') {
        this.#ledger.finished(state!, entry.msgId, entry.outcome)
        if (entry.effects) this.#effects.take(state!, entry.bucket, entry.effects)
      } else if (status === 'expired') this.#ledger.cameLate(state, entry.msgId)
      if (entry.unpark && endsMessage(status))
        return {
          status,
          parked: this.#parking.unpark(entry.unpark.service, entry.unpark.lane ?? entry.session, entry.msgId, entry.unpark.token),
        }
    }
    return status === 'done' ? DONE : { status }
  }

  #answer(session: string, above: number, limit: number): CatchUpAnswer {
    const state = this.#sessions.get(session)
    if (!state) return { session, found: false, doneMark: 0, deliveries: [] }
    return {
      session,
      found: true,
      doneMark: state.marks.doneMark,
      deliveries: state.outbox.read(Math.max(above, state.acknowledged), limit),
    }
  }

  #end(state: SessionState | undefined): void {
    if (!state) return
    this.#ledger.sessionEnded(state)
    this.#effects.sessionEnded(state)
    this.#sessions.delete(state.session)
    this.#changed.delete(state)
    this.#ended.add(state)
  }

  /** One write and one promise for all calls of a turn. */
  #commit(): Promise<void> {
    this.#group ??= new Promise((resolve, reject) => {
      let flight: readonly SessionWake[] = []
      const apply = (transaction: Transaction) => {
        this.#group = undefined
        flight = this.#write(transaction)
      }
      this.#folder.write(apply, failure => {
        if (failure) {
          this.#group = undefined
          reject(failure)
          return
        }
        this.#wakes.wake(
          flight.map(({ state, deliveries, finished }) => ({ session: state.session, gateway: state.gateway, deliveries, finished })),
        )
        resolve()
      })
    })
    return this.#group
  }

  #write(transaction: Transaction): SessionWake[] {
    const flight: SessionWake[] = []
    for (const state of this.#changed) {
      const deliveries = state.outbox.write(transaction)
      const finished = state.finishedSilently
      if (finished.length > 0) state.finishedSilently = []
      transaction.put(this.#records, recordKey(state), encodeSession(state))
      if (deliveries.length > 0 || finished.length > 0) flight.push({ state, deliveries, finished })
    }
    for (const state of this.#ended) {
      state.outbox.clear(transaction)
      transaction.remove(this.#records, recordKey(state))
    }
    this.#effects.writeTo(transaction)
    this.#totals.write(transaction)
    this.#changed = new Set()
    this.#ended = new Set()
    return flight
  }

  #load(): void {
    const byId = new Map<number, SessionState>()
    for (const { key, value } of this.#records.entries()) {
      const id = key.readUInt32BE(0)
      const state = decodeSession(value, new Outbox(this.#deliveries, id))
      byId.set(id, state)
      this.#sessions.set(state.session, state)
      this.#nextId = Math.max(this.#nextId, id + 1)
    }
    for (const { key, value } of this.#deliveries.entries()) byId.get(outboxOwner(key))?.outbox.found(key, value.length)
  }
}

const FORBIDDEN: ReadonlySet<FinishStatus> = new Set(['conflict', 'emitsFull', 'sharedFull', 'outboxFull'])
/** Else it is to be handled again. */
const endsMessage = (status: FinishStatus): boolean => !FORBIDDEN.has(status)

interface SessionWake {
  state: SessionState
  deliveries: Wake['deliveries']
  finished: readonly number[]
}

function recordKey({ outbox }: SessionState): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(outbox.id)
  return key
}
