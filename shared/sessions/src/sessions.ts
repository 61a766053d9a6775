/**
 * Port: sessions. A session's state outlives its connection and its gateway: who holds it (gateway, epoch), which of
 * its messages are stored and finished, and the outbox of deliveries its client has not acknowledged.
 * Two adapters: sessions-redis.ts and sessions-embedded.ts.
 *
 * What an adapter promises, and sessions.conformance.ts proves:
 * - Atomicity: each call's effect on one session happens whole or not at all; an error in one session leaves the others
 *   of the call untouched and is reported for that session alone.
 * - Exactly one final answer: of all finishes of one (session, msgId) the first is `done`, every other `duplicate`.
 * - Order: deliveries of a session are numbered 1, 2, 3 … in the order their finishes took effect.
 * - Durability: when finish() resolves, marks and outbox are stored (Redis: as its AOF policy says; embedded: fsynced),
 *   and the wake-up follows. The wake-up may be lost; the outbox may not. A lost wake-up is told by `lost()` within 500 ms.
 * - Fence: a caller of an older epoch changes nothing. A resume of an earlier attempt than the one that holds the session is `stale` and changes nothing;
 *   one of the same attempt is the same one asked again, and takes over. One without an attempt takes over whatever came before.
 * - Loss: where the store lost its last writes, no number is given twice: the renewal of a session says `wentBack`, or its resume
 *   `recovered` false. Where a finish, park or retry is missing that a living process had a reply for, the renewal of each session with a message
 *   under way says `lost`, and its resume `recovered` false. A store that lost nothing tells nobody anything.
 * - Effects: pushes, state and emits of a final take effect with it, in one step, or not at all. State ends with its session. Emits keep the order of
 *   their finishes and are told by emits() until relayed() has taken them away: a relay that dies in between makes them come twice, and never lets one out.
 */
import type { Effects, SharedValue, StateQuery, StoredState, WaitingEmit } from './effects.ts'

/** How a message ended; the ledger counts each. */
export type Outcome = 'answered' | 'notified' | 'rejected' | 'failed' | 'deadLettered' | 'timedOut' | 'cancelled'
export const OUTCOMES: readonly Outcome[] = ['answered', 'notified', 'rejected', 'failed', 'deadLettered', 'timedOut', 'cancelled']

/** A new session; its epoch is 1. */
export interface OpenSession {
  session: string
  /** murmur2(session) mod 256, see bucketOf. */
  bucket: number
  incarnation: string
  /** A digest of the resume token; the token itself is kept nowhere. */
  tokenDigest: string
  gateway: string
  principal: string
  /** Unix ms at which the session ends unless renewed. */
  expiresAt: number
}

export interface ResumeRequest {
  session: string
  bucket: number
  tokenDigest: string
  /** Which SYN of its client for this session this is; 0 where the client does not number them. */
  attempt: number
  /** Another principal's session is denied. */
  principal: string
  gateway: string
  expiresAt: number
  /** Highest delivery the client has taken; counts as acknowledged. */
  lastSeq: number
  /** Stored mark that the client was told. */
  stored: number
  /** Stored requests for whose answers the client waits. */
  waiting: readonly number[]
}

export type ResumeResult =
  | { status: 'unknown' }
  | { status: 'denied' }
  /** A later attempt has taken the session over: whoever sent this one has given its connection up. Nothing was changed. */
  | { status: 'stale' }
  | {
      status: 'resumed'
      incarnation: string
      epoch: number
      principal: string
      /** Highest delivery numbered so far. */
      seq: number
      /** Highest message known to be stored: here, or by the client. */
      storedMark: number
      /** How many were admitted up to it, as far as is known. */
      storedCount: number
      /** Deliveries up to it are kept no more: the client has them, or they are lost. */
      acknowledged: number
      /** All messages up to it are finished. */
      doneMark: number
      /** Finished messages above doneMark. */
      finishedAbove: number[]
      /** False where deliveries above lastSeq are no longer kept, or the store went back; again at each resume until a renewal has said `greeted`. */
      recovered: boolean
      /** Who held it before ('' for nobody). */
      previousGateway: string
    }

interface FinishBase {
  session: string
  bucket: number
  /** '' for a push to whatever incarnation the session has. */
  incarnation: string
  /** The delivery: a version-2 frame with seq 0; the gateway patches seq. Not copied until the promise resolves. */
  frame: Uint8Array | undefined
}
/** Ends a message. With `unpark` it also takes it out of its service's parked messages, and clears the head when none is left, whatever the status but `failed` and those of forbidden effects. */
export interface FinishFinal extends FinishBase {
  kind: 'final'
  outcome: Outcome
  msgId: number
  /** The message admitted before it. */
  prev: number
  /** `lane`: what it was parked in (laneOf); default: its session. */
  unpark?: { service: string; token: string; lane?: string }
  /** Set where this ends a stream: its run and the number this last chunk has. */
  run?: string
  chunk?: number
  effects?: Effects
}
/** One chunk of a stream, not the last. */
export interface FinishChunk extends FinishBase {
  kind: 'chunk'
  msgId: number
  run: string
  /** From 0, rising by 1. */
  chunk: number
}
/** A PUSH to the session. */
export interface FinishPush extends FinishBase {
  kind: 'push'
  /** The message it belongs to: it takes effect only while that one is not finished, else it is a `duplicate`. Default: none. */
  msgId?: number
}
/** How long a service's messages wait for a worker: what gateways go by before they admit more. */
export interface ServiceLoad {
  service: string
  /** From the append to the handler, ms; the least of the last moments. */
  queueMs: number
}

export type FinishEntry = FinishFinal | FinishChunk | FinishPush

/**
 * done: took effect. duplicate: the message was finished before, or the run's chunk taken before. expired: no such session, or another incarnation.
 * streamTaken: another run has begun this stream, or the chunk is not the next; outboxFull: a push or a chunk to a full outbox (an answer always finds room).
 * conflict: its effects are made of state that is another now; emitsFull: the outbox of its bucket has no room for its emits; sharedFull: its service keeps as many keys as it may.
 * failed: the store could not do it for this session (detail in the log); it may be tried again. unconfirmed: the store is another than before and the session
 * waits for its gateway to say what it was given; it is to be tried again until something else comes.
 */
export type FinishStatus =
  | 'done'
  | 'duplicate'
  | 'expired'
  | 'streamTaken'
  | 'outboxFull'
  | 'failed'
  | 'unconfirmed'
  | 'conflict'
  | 'emitsFull'
  | 'sharedFull'
export interface FinishResult {
  status: FinishStatus
  /** Only with `unpark`: messages still parked, head cleared, or the runner's token is no longer the head's. */
  parked?: 'more' | 'cleared' | 'lost'
}

export interface MarkQuery {
  session: string
  bucket: number
  incarnation: string
  msgId: number
}
/** fresh: not finished. finished: its answer exists. gone: no such session or incarnation. */
export type Mark = 'fresh' | 'finished' | 'gone'

export interface RenewEntry {
  session: string
  bucket: number
  incarnation: string
  epoch: number
  /** Cumulative acknowledgement of the client; the outbox is trimmed up to it. */
  acknowledged: number
  storedMark: number
  /** How many messages were admitted up to it in the session's life; refused ones take a number and are not counted. */
  storedCount: number
  /** Highest delivery this gateway has seen; a store that stands lower went back. */
  highestSeq: number
  /** Highest message this gateway has admitted, stored or not: whether any is under way. */
  admitted: number
  /** Unix ms; 0 leaves the session's end as it is. */
  expiresAt: number
  /** The client has answered this epoch's SYN_ACK: if that said that deliveries were lost, it knows. */
  greeted: boolean
}
/**
 * ok; gone: no such session or incarnation; replaced: a newer epoch holds it; wentBack: the store lost deliveries, the session has a new incarnation.
 * lost: the store lost its last writes, and a message of this session that was under way then still is: it may be lost, and its next resume says so.
 */
export type RenewStatus = 'ok' | 'gone' | 'replaced' | 'wentBack' | 'lost'

export interface Delivery {
  seq: number
  frame: Uint8Array
}

export interface CatchUpQuery {
  session: string
  bucket: number
  /** Deliveries above it are wanted. */
  above: number
  /** Done mark known to the caller; catchUp() answers where the stored one is above. Default: not asked. */
  doneMark?: number
}
export interface CatchUpAnswer {
  session: string
  /** False where the session is missing. */
  found: boolean
  doneMark: number
  deliveries: Delivery[]
}

export interface WakeHandlers {
  /** A delivery of a session this gateway holds; `frame` may be patched in place and kept. */
  deliver(session: string, seq: number, frame: Uint8Array): void
  /** A message without an answer was finished. */
  finished(session: string, msgId: number): void
  /** How long messages of a service wait just now, as a worker of it found. */
  load(load: ServiceLoad): void
  /** The batch is through: write. */
  flush(): void
  /** A batch was missed: read the outboxes. */
  lost(): void
  /** The store is another than before and may have lost its last writes, or it is found that it has: renew every session, whatever it has to tell. */
  storeChanged(): void
  /** Another gateway holds the session under a newer epoch. */
  replaced(session: string, epoch: number): void
}

/** A session that a sweep has ended. */
export type EndedSession = Pick<SessionInfo, 'session' | 'principal' | 'epoch' | 'incarnation'>

export interface SessionInfo {
  session: string
  principal: string
  gateway: string
  epoch: number
  incarnation: string
  seq: number
  acknowledged: number
  storedMark: number
  doneMark: number
  expiresAt: number
  /** The session's part of the ledger: messages accepted, finished, and parked or retrying. */
  accepted: number
  finished: number
  waiting: number
}

/**
 * What became of every accepted message: accepted = ended + in flight + parked + retrying. Changed in the same step as the state it
 * counts, so that no crash can part them. `expired`: its session ended, or the store lost it, before it was finished.
 */
export interface Ledger {
  accepted: number
  ended: Record<Outcome | 'expired', number>
  parked: number
  retrying: number
  /** Accepted, and neither ended nor parked nor retrying, by bucket: in the log, at a worker, or on the way to the store. */
  inFlight: readonly number[]
}

export interface Listening {
  close(): Promise<void>
}

export interface Sessions {
  open(sessions: readonly OpenSession[]): Promise<void>
  resume(request: ResumeRequest): Promise<ResumeResult>
  /** One call a turn; results in the order of the entries. `load` goes along to the gateways whose sessions are woken. Rejects only when the store cannot be reached: then nothing is known, and the same call may be made again. */
  finish(entries: readonly FinishEntry[], load?: ServiceLoad): Promise<FinishResult[]>
  marks(queries: readonly MarkQuery[]): Promise<Mark[]>
  /** What services keep of sessions, in the order of the queries. */
  states(queries: readonly StateQuery[]): Promise<StoredState[]>
  /** What a service keeps for all its sessions, in the order of the keys. */
  shared(service: string, keys: readonly string[]): Promise<SharedValue[]>
  /** Emits of a service that wait for the log in a bucket, oldest first, at most `limit`. */
  emits(service: string, bucket: number, limit: number): Promise<WaitingEmit[]>
  /** Takes away emits that the log has. */
  relayed(service: string, bucket: number, ids: readonly string[]): Promise<void>
  /** How many emits wait in each of the buckets, in their order. */
  emitsWaiting(service: string, buckets: readonly number[]): Promise<number[]>
  renew(entries: readonly RenewEntry[]): Promise<RenewStatus[]>
  /** Deliveries of one session above `above`, in order, at most `limit`. */
  outbox(query: CatchUpQuery, limit: number): Promise<CatchUpAnswer>
  /** For those sessions whose seq stands above `above` or done mark above `doneMark`, what is missing; others are left out. */
  catchUp(queries: readonly CatchUpQuery[]): Promise<CatchUpAnswer[]>
  /** Ends a session on its client's wish; only under its present epoch. */
  end(session: string, bucket: number, epoch: number): Promise<void>
  /** Ends sessions past their time; returns those it ended, as they were. Any process may call it; one session is told to one caller. */
  sweep(now: number): Promise<EndedSession[]>
  /** Connects a gateway's wake-ups. */
  listen(gateway: string, handlers: WakeHandlers): Promise<Listening>
  info(session: string, bucket: number): Promise<SessionInfo | undefined>
  /** Sessions alive, at most `limit` of them. */
  list(limit: number): Promise<{ total: number; sessions: string[] }>
  /** Since the store began. Costs the same however many sessions there are. */
  ledger(): Promise<Ledger>
  /** Sessions of these buckets with messages in flight, at most `limit`; reads them all, so it is for alerts. */
  inFlight(buckets: readonly number[], limit: number): Promise<{ session: string; inFlight: number }[]>
  ping(): Promise<void>
  close(): Promise<void>
}
