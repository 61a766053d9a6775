import { createHash, randomBytes } from 'node:crypto'
import { bucketOf, encodeError, MAX_AHEAD, OWN_SESSION, ProtocolError, problem, type Syn } from '@causeway/protocol'
import type { FinishBatcher, FinishStatus, ResumeResult, ServiceLoad, Sessions, WakeHandlers } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { Counters } from './counters.ts'
import { MAX_SESSIONS } from './limits.ts'
import { OutboxReader } from './outbox-reader.ts'
import type { Overload } from './overload.ts'
import { endedBy, GatewaySession, type Pending, type SessionOwner } from './session.ts'
import type { SessionEvents } from './session-events.ts'

export interface SessionHostOptions {
  gateway: string
  sessions: Sessions
  finisher: FinishBatcher
  sessionTtlMs: number
  overload: Overload
  /** Told of sessions that clients open and resume. */
  events?: Pick<SessionEvents, 'opened' | 'resumed'>
  counters: Counters
  logger: Logger
}

/** A session as its handshake hands it to the connection. */
export interface HeldSession {
  session: GatewaySession
  resumeToken: string
  resumed: boolean
  recovered: boolean
  lastMsgId: number
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** The sessions this gateway holds: opening, resuming, delivering (steps 1 and 6 of a message's way). */
export class SessionHost implements WakeHandlers {
  readonly #options: SessionHostOptions
  readonly held = new Map<string, GatewaySession>()
  #dirty: GatewaySession[] = []
  /** Sessions whose acknowledgement is held back until the next tick. */
  readonly unacknowledged = new Set<GatewaySession>()
  /** Sessions of which the store is to be told something. */
  readonly touched = new Set<GatewaySession>()
  readonly #outboxes: OutboxReader
  /** Of the wake-up that is being read, ms: monotonic (0 between two), and Unix. */
  #wokenAt = 0
  #wokenOn = 0

  constructor(options: SessionHostOptions) {
    this.#options = options
    this.#outboxes = new OutboxReader({
      ...options,
      settle: (session, msgId) => this.#settle(session, msgId),
      write: session => this.write(session),
      lose: (session, detail) => this.lose(session, detail),
    })
  }

  get full(): boolean {
    return this.held.size >= MAX_SESSIONS
  }

  /** With `once` it is no client's: it lives for one answer, and makes no session events. */
  async open(owner: SessionOwner, principal: string, { once = false } = {}): Promise<HeldSession> {
    if (this.full) throw new ProtocolError('OVERLOADED', 'this gateway holds as many sessions as it may')
    const { gateway, sessions, sessionTtlMs } = this.#options
    const id = (once ? OWN_SESSION : '') + newSessionId()
    const resumeToken = randomBytes(16).toString('base64url')
    const incarnation = randomBytes(6).toString('base64url')
    const bucket = bucketOf(id)
    const expiresAt = Date.now() + sessionTtlMs
    await sessions.open([{ session: id, bucket, incarnation, tokenDigest: digest(resumeToken), gateway, principal, expiresAt }])
    const session = new GatewaySession({ id, bucket, incarnation, epoch: 1, principal })
    session.greeted = true
    this.#hold(session, owner)
    this.#options.events?.opened(session)
    return { session, resumeToken, resumed: false, recovered: false, lastMsgId: 0 }
  }

  /** Undefined where the session is gone (the client gets a new one), 'denied' where the token is wrong or it is somebody else's, 'stale' where a later SYN of its client has it. */
  async resume(owner: SessionOwner, syn: Syn, principal: string): Promise<HeldSession | 'denied' | 'stale' | undefined> {
    const { gateway, sessions, sessionTtlMs } = this.#options
    const id = syn.session!
    const resumeToken = syn.resumeToken ?? ''
    const bucket = bucketOf(id)
    const lastSeq = syn.lastSeq ?? 0
    const expiresAt = Date.now() + sessionTtlMs
    const known = { attempt: syn.attempt ?? 0, lastSeq, stored: syn.stored ?? 0, waiting: (syn.waiting ?? []).map(([msgId]) => msgId) }
    const state = await sessions.resume({ session: id, bucket, tokenDigest: digest(resumeToken), principal, gateway, expiresAt, ...known })
    if (state.status === 'unknown') return undefined
    if (state.status === 'denied' || state.status === 'stale') return state.status
    this.held.get(id)?.owner?.close('REPLACED', 'another connection has resumed this session')
    const session = this.#restore(id, bucket, state, syn)
    this.#hold(session, owner)
    this.#options.events?.resumed(session)
    return { session, resumeToken, resumed: true, recovered: state.recovered, lastMsgId: session.lastMsgId }
  }

  #restore(id: string, bucket: number, state: Extract<ResumeResult, { status: 'resumed' }>, syn: Syn): GatewaySession {
    const { incarnation, epoch, principal } = state
    const session = new GatewaySession({ id, bucket, incarnation, epoch, principal }, state.finishedAbove)
    session.storedMark = state.storedMark
    session.storedCount = state.storedCount
    session.lastMsgId = session.storedMark
    if (state.doneMark < session.storedMark) session.unsettledUpTo = session.storedMark
    // no gateway admits more than MAX_AHEAD above the oldest that is unfinished
    session.maybeStoredUpTo = state.doneMark + MAX_AHEAD
    session.lastAdmitted = session.storedMark
    session.acknowledged = Math.max(state.acknowledged, syn.lastSeq ?? 0)
    session.nextSeq = session.acknowledged + 1
    session.highestSeq = Math.max(state.seq, session.acknowledged)
    if (!state.recovered) session.lostUpTo = session.highestSeq
    // deliveries wait until the handshake has ended
    session.catchingUp = true
    const now = Date.now()
    for (const [msgId, msLeft] of [...(syn.waiting ?? [])].sort((a, b) => a[0] - b[0])) {
      if (msgId <= state.doneMark || session.finishedBefore.has(msgId) || msgId > session.storedMark || session.pending.has(msgId)) continue
      const deadline = now + msLeft
      session.admit({
        msgId,
        prev: msgId - 1,
        service: '',
        request: true,
        bytes: 0,
        deadline,
        admittedAt: performance.now(),
        stored: true,
        ending: false,
      })
    }
    session.lastAdmitted = session.storedMark
    return session
  }

  #hold(session: GatewaySession, owner: SessionOwner): void {
    session.owner = owner
    session.renewAt = Date.now() + this.#options.sessionTtlMs / 3
    this.held.set(session.id, session)
  }

  /** The connection is gone; the session stays for its time, here and in the store. */
  detach(session: GatewaySession): void {
    session.owner = undefined
    session.outgoing = []
    session.detachedUntil = Date.now() + this.#options.sessionTtlMs
    session.renewAt = 0
    if (this.held.get(session.id) === session) this.touched.add(session)
  }

  forget(session: GatewaySession): void {
    if (this.held.get(session.id) === session) this.held.delete(session.id)
    this.touched.delete(session)
    this.unacknowledged.delete(session)
  }

  /** The client has ended the handshake: what its SYN_ACK said was heard. */
  greeted(session: GatewaySession): void {
    session.greeted = true
    if (session.lostUpTo > 0) this.touched.add(session)
  }

  /** The client has taken all deliveries up to seq. */
  acknowledged(session: GatewaySession, seq: number): void {
    if (seq <= session.acknowledged) return
    session.acknowledged = Math.min(seq, session.nextSeq - 1)
    session.outbox.acknowledge(session.acknowledged)
    this.touched.add(session)
  }

  /** The log has stored these messages of the session. */
  stored(session: GatewaySession, pending: Pending): void {
    session.stored(pending)
    this.touched.add(session)
    if (session.owner !== undefined) this.unacknowledged.add(session)
  }

  /** The client has sent a message again. */
  repeated(session: GatewaySession, msgId: number): void {
    this.#options.counters.repeats++
    if (session.finishedBefore.has(msgId) && msgId > session.lastMsgId) {
      session.storedBefore(msgId)
      this.touched.add(session)
    }
    this.unacknowledged.add(session)
  }

  /** Ends a message with an answer of the gateway's own: TIMEOUT, CANCELLED, TOO_LARGE. The store decides whether it comes first. */
  end(
    session: GatewaySession,
    pending: Pending,
    outcome: 'timedOut' | 'cancelled' | 'rejected',
    code: 'TIMEOUT' | 'CANCELLED' | 'TOO_LARGE',
    detail: string,
  ): void {
    pending.ending = true
    const { id, bucket, incarnation } = session
    const { msgId, prev } = pending
    // a notification has no answer, whatever it ended with
    const frame = pending.request ? encodeError(problem(code, { detail }), { msgId }) : undefined
    this.#options.finisher.add({ kind: 'final', session: id, bucket, incarnation, msgId, prev, outcome, frame }, result => {
      if (result.status === 'expired') this.lose(session, 'the session has ended')
      else if (result.status === 'duplicate') this.#settle(session, msgId)
      else if (result.status === 'failed') pending.ending = false
    })
  }

  /** A PUSH from a backend to whatever gateway has the session. */
  push(session: string, bucket: number, frame: Uint8Array): Promise<FinishStatus> {
    return new Promise(resolve => {
      this.#options.finisher.add({ kind: 'push', session, bucket, incarnation: '', frame }, result => resolve(result.status))
    })
  }

  /** Ends a session that will not be resumed. */
  async endSession(session: GatewaySession): Promise<void> {
    try {
      await this.#options.sessions.end(session.id, session.bucket, session.epoch)
    } catch (error) {
      this.#options.logger.debug({ error: (error as Error).message }, 'a session could not be ended; it ends by its time')
    }
  }

  // What the store wakes us with.

  deliver(id: string, seq: number, frame: Uint8Array): void {
    const session = this.held.get(id)
    if (session === undefined) return
    const ended = endedBy(frame)
    if (ended !== 0) {
      // one look at the clocks a wake-up
      if (this.#wokenAt === 0) {
        this.#wokenAt = performance.now()
        this.#wokenOn = Date.now()
      }
      this.#settle(session, ended, this.#wokenAt, this.#wokenOn)
    }
    if (session.owner === undefined) return
    // a wake-up may come after the outbox was read, and its delivery be acknowledged by then
    if (seq > session.acknowledged) session.outbox.add(seq, frame.length)
    if (session.take(seq, frame).gap) void this.#outboxes.catchUp(session)
    this.#markDirty(session)
  }

  finished(id: string, msgId: number): void {
    const session = this.held.get(id)
    if (session !== undefined) this.#settle(session, msgId)
  }

  flush(): void {
    this.#wokenAt = 0
    const dirty = this.#dirty
    this.#dirty = []
    for (const session of dirty) {
      session.dirty = false
      try {
        this.write(session)
      } catch (error) {
        // one connection's fault is not the others'
        this.#options.logger.error({ session: session.id, error }, 'a delivery could not be written; its connection ends')
        session.owner?.close('GOING_AWAY', 'a delivery could not be written')
      }
    }
  }

  lost(): void {
    this.#options.counters.lostWakeUps++
    void this.#outboxes.catchUpAll(this.held)
  }

  /** Only a gateway knows what its sessions were given and have under way: each is confirmed, those without a connection too. */
  storeChanged(): void {
    this.#options.counters.storeChanges++
    this.#options.logger.warn(
      { sessions: this.held.size },
      'the session store is another than before, or is found to have lost its last writes; what it has of each session is checked',
    )
    for (const session of this.held.values()) this.touched.add(session)
  }

  replaced(id: string, epoch: number): void {
    const session = this.held.get(id)
    if (session === undefined || session.epoch >= epoch) return
    this.forget(session)
    session.owner?.close('REPLACED', 'another connection has resumed this session')
  }

  #settle(session: GatewaySession, msgId: number, at = performance.now(), now = Date.now()): void {
    const pending = session.settle(msgId)
    if (pending === undefined) return
    if (!pending.stored) this.stored(session, pending)
    const roundTripMs = at - pending.admittedAt
    if ((msgId & 15) === 1) this.#options.counters.roundTrips.add(roundTripMs)
    if (pending.service !== '') this.#options.overload.ended(pending.service, roundTripMs, now)
    session.owner?.windowOpened()
  }

  load(load: ServiceLoad): void {
    this.#options.overload.told(load, Date.now())
  }

  #markDirty(session: GatewaySession): void {
    if (session.dirty) return
    session.dirty = true
    this.#dirty.push(session)
  }

  /** Writes what is due; where the client does not read, it stays in the outbox until it does. */
  write(session: GatewaySession): void {
    if (session.outgoing.length === 0) return
    const frames = session.outgoing
    session.outgoing = []
    this.#options.counters.delivered.add(frames.length)
    if (session.owner?.deliver(frames) === false) session.passBy(frames)
  }

  /** Reads what is missing of a session from its outbox. */
  catchUp(session: GatewaySession, redelivered = false): Promise<void> {
    return this.#outboxes.catchUp(session, redelivered)
  }

  /** The client reads again. */
  readOn(session: GatewaySession): Promise<void> {
    return this.#outboxes.readOn(session)
  }

  /** The store has no such session any more: its client is told to connect again, and learns there what is lost. */
  lose(session: GatewaySession, detail: string): void {
    this.forget(session)
    session.owner?.close('GOING_AWAY', detail)
  }
}

/** 128 bits; begins with no dash, which a command line would take for an option. */
function newSessionId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newSessionId() : id
}
