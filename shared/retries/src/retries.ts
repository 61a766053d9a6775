import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import type { AuditLog } from './audit.ts'
import type { DeadLetters } from './dead-letters.ts'

/**
 * Port: delay, park and dead-letter. Two adapters: retries-bullmq.ts and retries-embedded.ts.
 *
 * Of a route with an order a failing message becomes the *head* of its lane (its session, or within that what has its key) for that service; later ones of the
 * lane wait, parked, until the head and then each of them has been handled in order. What an adapter promises:
 * - retry() with `ordered` sets the head before it schedules, or parks where another message of the lane is the head; both steps may be
 *   repeated (same session, msgId, attempt) without effect.
 * - park() is atomic with the clearing of a head: a message is parked while the head stands, or the answer is `go`, never between.
 * - One runner at a time holds a head: a later runner's token voids an earlier one's (finish answers `lost`).
 * - Fence: where a worker holds a partition (registry), no other one makes or moves heads there by retry() and park(): it is told `lost`.
 * - A job whose runner died is run again; a head is never left without a job for longer than a sweep (30 s).
 * - bury() is idempotent by (session, msgId).
 */

/** One failed attempt, kept with the message and shown to operators. */
export interface AttemptError {
  /** Unix ms. */
  at: number
  worker: string
  /** Error name and message. */
  error: string
  /** Where it was thrown: the lines of its stack, cut. */
  trace?: string
  attempt: number
}

/** A stored message on its way through retries; JSON-safe but for `value`. */
export interface RetryMessage {
  service: string
  session: string
  /** What it is handled in order with (laneOf); default: its session. */
  lane?: string
  bucket: number
  /** Of the session when it sent the message; one of another incarnation is in no ledger any more. */
  incarnation: string
  msgId: number
  route: string
  /** The `causeway` record header, as read from the log. */
  header: string
  value: Uint8Array
  traceparent?: string
  contentType?: string
  /** Attempts made so far. */
  attempts: number
  errors: AttemptError[]
}

export type ParkAnswer =
  /** It waits behind the head; its offset is complete. */
  | 'parked'
  /** No head stands: handle it. */
  | 'go'
  /** It is itself the head (its job may be missing): call retry() again. */
  | 'head'
  /** Another worker holds the partition by now: leave the message to it. */
  | 'lost'

/** In whose name a message of the log is kept: a worker that stood still must not set heads in sessions that are another's by now. */
export interface PartitionOwner {
  worker: string
  partition: number
}

/** The token under which a runner holds the head. */
export interface RunnerLease {
  token: string
  /** Aborted when the runner has lost its head or the worker stops. */
  signal: AbortSignal
}

/** What the worker did with a message handed to it; `parked` is what finish() said. */
export type RunOutcome =
  | { kind: 'finished'; parked: 'more' | 'cleared' | 'lost' | undefined }
  | { kind: 'retry'; delayMs: number; message: RetryMessage }

export interface RetryRunner {
  /** Handles one due or parked message and finishes it, dead letters included. Rejects only when a backend is away: the job is run again. */
  run(message: RetryMessage, lease: RunnerLease | undefined): Promise<RunOutcome>
}

export interface RetryWorker {
  /** Stops taking jobs and waits for the running ones, at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void>
}

export interface DeadLetter extends RetryMessage {
  /** Unix ms. */
  deadAt: number
  /** Why it was given up: attempts exhausted, or the handler said so. */
  reason: string
}

export interface RetryCounts {
  retrying: number
  parked: number
  dead: number
}

export interface Retries {
  /** Schedules the message's next attempt in `delayMs`. With `ordered` it becomes (or stays) its lane's head. `lost`: nothing was done. */
  retry(message: RetryMessage, delayMs: number, ordered: boolean, owner?: PartitionOwner): Promise<'kept' | 'lost'>
  /** For messages of lanes that are believed to have a head; answers in their order. */
  park(messages: readonly RetryMessage[], owner?: PartitionOwner): Promise<ParkAnswer[]>
  /** Lanes of these buckets that have a head for the service. */
  heads(service: string, buckets: readonly number[]): Promise<string[]>
  /** Runs due jobs of a service, at most `concurrency` at a time. */
  work(service: string, runner: RetryRunner, concurrency: number): Promise<RetryWorker>
  bury(letter: DeadLetter): Promise<void>
  readonly deadLetters: DeadLetters
  readonly audit: AuditLog
  counts(service: string): Promise<RetryCounts>
  /** Bull Board adapters of a service's queues: retries, dead letters, replays. */
  board(service: string): BaseAdapter[]
  ping(): Promise<void>
  close(): Promise<void>
}

/** Id of the job of one attempt: no `:` and no bare integer (BullMQ's rule). */
export const retryJobId = (message: { session: string; msgId: number; attempts: number }): string =>
  `${message.session}-${message.msgId}-a${message.attempts}`
/** Id of a dead letter. */
export const deadLetterId = (message: { session: string; msgId: number }): string => `${message.session}-${message.msgId}-dead`
/** Whether a text can be the id of a dead letter: a store has other things under names that an operator might give. */
export const isDeadLetterId = (id: string): boolean => /-\d+-dead$/.test(id)
