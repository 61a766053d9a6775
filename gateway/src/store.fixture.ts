import assert from 'node:assert/strict'
import type {
  CatchUpAnswer,
  CatchUpQuery,
  Delivery,
  EndedSession,
  FinishEntry,
  FinishFinal,
  FinishResult,
  OpenSession,
  RenewEntry,
  RenewStatus,
  ResumeRequest,
  ResumeResult,
  Sessions,
  WakeHandlers,
} from '@causeway/sessions'

interface Kept {
  opened: OpenSession
  epoch: number
  attempt: number
  seq: number
  outbox: Delivery[]
  finished: Set<number>
  storedMark: number
  doneMark: number
}

/** Reads of outboxes after which a test is sure that they go in a circle. */
const MOST_READS = 200

/** The gateway's half of the sessions port in memory: numbers deliveries, keeps them until trimmed, and wakes the gateway, or doesn't. */
export class FakeStore {
  readonly kept = new Map<string, Kept>()
  /** All finishes, in order. */
  readonly entries: FinishEntry[] = []
  readonly renewals: RenewEntry[][] = []
  readonly ended: string[] = []
  handlers: WakeHandlers | undefined
  /** Whether finishes wake the gateway; the outbox has them either way. */
  wakes = true
  /** Why every call fails; undefined while none does. */
  down: string | undefined
  /** What renewals answer for a session; else `ok`. */
  readonly statuses = new Map<string, RenewStatus>()
  /** What the next sweep ends. */
  swept: EndedSession[] = []
  outboxReads = 0
  /** What goes on between the reading of an outbox and its answer. */
  meanwhile: (() => Promise<void>) | undefined

  /** The port, of which a gateway's sessions call no more than this. */
  get port(): Sessions {
    return this as unknown as Sessions
  }

  #answer(): void {
    if (this.down !== undefined) throw new Error(this.down)
  }

  async open(sessions: readonly OpenSession[]): Promise<void> {
    this.#answer()
    for (const opened of sessions)
      this.kept.set(opened.session, { opened, epoch: 1, attempt: 0, seq: 0, outbox: [], finished: new Set(), storedMark: 0, doneMark: 0 })
  }

  async resume({ session, tokenDigest, principal, lastSeq, stored, attempt }: ResumeRequest): Promise<ResumeResult> {
    this.#answer()
    const kept = this.kept.get(session)
    if (kept === undefined) return { status: 'unknown' }
    if (kept.opened.tokenDigest !== tokenDigest || kept.opened.principal !== principal) return { status: 'denied' }
    if (attempt > 0 && attempt < kept.attempt) return { status: 'stale' }
    kept.epoch++
    kept.attempt = Math.max(attempt, kept.attempt)
    const { incarnation, gateway } = kept.opened
    const { epoch, seq, doneMark } = kept
    const storedMark = Math.max(kept.storedMark, doneMark, stored)
    const recovered = kept.outbox.length === 0 ? lastSeq >= seq : kept.outbox[0].seq <= lastSeq + 1
    const finishedAbove = [...kept.finished].filter(msgId => msgId > doneMark)
    const state = {
      incarnation,
      epoch,
      principal,
      seq,
      storedMark,
      storedCount: storedMark,
      acknowledged: 0,
      doneMark,
      finishedAbove,
      recovered,
    }
    return { status: 'resumed', ...state, previousGateway: gateway }
  }

  async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    this.#answer()
    this.entries.push(...entries)
    const results = entries.map(entry => ({ status: this.#finish(entry) }))
    if (this.wakes) this.handlers?.flush()
    return results
  }

  #finish(entry: FinishEntry): FinishResult['status'] {
    const kept = this.kept.get(entry.session)
    if (kept === undefined || (entry.incarnation !== '' && entry.incarnation !== kept.opened.incarnation)) return 'expired'
    if (entry.kind === 'final') {
      if (kept.finished.has(entry.msgId)) return 'duplicate'
      kept.finished.add(entry.msgId)
    }
    if (entry.frame !== undefined) this.#deliver(entry.session, kept, entry.frame)
    else if (this.wakes) this.handlers?.finished(entry.session, (entry as FinishFinal).msgId)
    return 'done'
  }

  #deliver(session: string, kept: Kept, frame: Uint8Array): void {
    const delivery = { seq: ++kept.seq, frame: frame.slice() }
    kept.outbox.push(delivery)
    if (this.wakes) this.handlers?.deliver(session, delivery.seq, frame.slice())
  }

  async outbox({ session, above }: CatchUpQuery, limit: number): Promise<CatchUpAnswer> {
    this.#answer()
    assert.ok(++this.outboxReads <= MOST_READS, 'outboxes are read in a circle')
    const kept = this.kept.get(session)
    const deliveries = (kept?.outbox ?? []).filter(({ seq }) => seq > above).slice(0, limit)
    const copies = deliveries.map(({ seq, frame }) => ({ seq, frame: frame.slice() }))
    const { meanwhile } = this
    this.meanwhile = undefined
    await meanwhile?.()
    return { session, found: kept !== undefined, doneMark: kept?.doneMark ?? 0, deliveries: copies }
  }

  async catchUp(queries: readonly CatchUpQuery[]): Promise<CatchUpAnswer[]> {
    const answers = await Promise.all(queries.map(query => this.outbox(query, 1)))
    return answers.filter(
      ({ found, deliveries, doneMark }, index) => !found || deliveries.length > 0 || doneMark > (queries[index].doneMark ?? Infinity),
    )
  }

  async renew(entries: readonly RenewEntry[]): Promise<RenewStatus[]> {
    this.#answer()
    this.renewals.push([...entries])
    for (const { session, acknowledged } of entries) {
      const kept = this.kept.get(session)
      if (kept !== undefined) kept.outbox = kept.outbox.filter(({ seq }) => seq > acknowledged)
    }
    return entries.map(({ session }) => this.statuses.get(session) ?? 'ok')
  }

  async end(session: string): Promise<void> {
    this.ended.push(session)
    this.kept.delete(session)
  }

  async sweep(): Promise<EndedSession[]> {
    return this.swept.splice(0)
  }

  async ping(): Promise<void> {
    this.#answer()
  }
}
