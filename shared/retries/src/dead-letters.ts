import type { AttemptError, DeadLetter, RetryWorker } from './retries.ts'

/**
 * Port: the dead letters of all services, and their replays. Two adapters: dead-letters-bullmq.ts and retries-embedded-dead.ts.
 *
 * A *replay* runs a route's handler once more on a letter's payload, or on an edited one, under the route's own retries. It is no message
 * of a session: nothing is parked behind it, no ledger counts it, and the letter's own end (DEAD_LETTERED) stands for ever. Replays of a
 * letter are numbered from 1. A *batch* is what one order replays: one letter or thousands.
 * What an adapter promises:
 * - The letter stays as it was; what a replay came to is kept with it. At most one replay of a letter is under way.
 * - When replay() resolves, every replay of the batch that was not refused is stored and will run, whoever dies: a job that is missing is
 *   made again by a worker's sweep (30 s). It begins no more than `perSecond` of them a second.
 * - A replay whose worker died is run again; one that has ended is not, and ends once (by service, letter, n).
 * - What was given to `keep` is there when the replay is run again.
 * - discard() removes a letter and its replays, whole.
 */

/** Where the result of a replay goes: it stays with the letter, or also to the session as a PUSH. */
export type ReplayDelivery = 'letter' | 'push'

/** answered: the handler returned. rejected: the handler or the schema said no. failed: all attempts failed. cancelled: before it began. */
export type ReplayOutcome = 'answered' | 'rejected' | 'failed' | 'cancelled'
export const REPLAY_OUTCOMES: readonly ReplayOutcome[] = ['answered', 'rejected', 'failed', 'cancelled']

/** What a handler answered: one value, or those of a stream. */
export interface ReplayResult {
  /** Of all values together. */
  bytes: number
  /** Base64, each with its codec; left out where they are too many bytes to be kept (RESULT_BYTES). */
  values?: { codec: number; value64: string }[]
}

/** What became of a result that was to be pushed. */
export type PushStatus = 'pushed' | 'sessionGone' | 'outboxFull' | 'tooLarge' | 'failed'

export interface ReplayEnd {
  outcome: ReplayOutcome
  result?: ReplayResult
  /** Only where it was to be pushed and there was a result. */
  pushed?: PushStatus
  /** Why it was rejected, or the last error. */
  error?: string
  errors: readonly AttemptError[]
}

/** A replay as it is kept with its letter. */
export interface Replay extends Partial<ReplayEnd> {
  /** From 1. */
  n: number
  batch: string
  /** Unix ms at which it was ordered. */
  at: number
  by: string
  reason: string
  deliver: ReplayDelivery
  /** The route it ran, where that is not the letter's. */
  route?: string
  /** Whether its payload was another than the letter's. */
  edited?: boolean
  /** Unix ms; undefined while it is under way. */
  finishedAt?: number
}

export interface DeadLetterEntry extends DeadLetter {
  id: string
  /** In the order of their numbers; the newest REPLAYS_KEPT. */
  replays: Replay[]
}

/** A dead letter without its payload, for lists. */
export interface DeadLetterSummary {
  id: string
  service: string
  session: string
  msgId: number
  route: string
  reason: string
  /** The last one, cut. */
  error: string
  attempts: number
  /** Unix ms. */
  deadAt: number
  /** Of the payload. */
  bytes: number
  /** How many were made. */
  replays: number
  /** What the last one came to. */
  lastReplay?: ReplayOutcome | 'underWay'
}

export interface DeadLetterFilter {
  service?: string
  route?: string
  /** Unix ms; those given up at it or later. */
  since?: number
  /** Is in the session, the route, the reason or the last error; upper and lower case are the same. */
  q?: string
}

export interface DeadLetterQuery extends DeadLetterFilter {
  /** `next` of the page before. */
  before?: string
  limit: number
}

export interface DeadLetterPage {
  /** Newest first. */
  letters: DeadLetterSummary[]
  /** Where the following page begins; undefined at the end. A page may be short of its limit, even empty, and not the last: a call looks at LETTERS_READ letters at most. */
  next?: string
}

/** Another payload or another route of the same service, in place of the letter's. */
export interface ReplayEdit {
  route?: string
  /** Base64; with its codec. */
  value64?: string
  codec?: number
}

export interface ReplayOrder {
  by: string
  reason: string
  deliver: ReplayDelivery
  /** Replays begun a second, at most. */
  perSecond: number
  edit?: ReplayEdit
}

export interface LetterName {
  service: string
  id: string
}

/** underWay: another replay of the letter is. missing: there is no such letter. */
export type ReplayRefusal = 'underWay' | 'missing'
/** `incomplete`: whoever began it died in the middle; those it began do run. */
export type BatchState = 'running' | 'done' | 'cancelled' | 'incomplete'

/** An order to replay, and how far it is. */
export interface ReplayBatch extends ReplayOrder {
  id: string
  /** Unix ms. */
  at: number
  state: BatchState
  /** Letters of the order. */
  total: number
  /** How many ended, by outcome. */
  ended: Record<ReplayOutcome, number>
  refused: number
  /** Of the first REFUSALS_TOLD, by letter. */
  refusals: Record<string, ReplayRefusal>
}

/** A replay handed to a worker. */
export interface ReplayRun {
  letter: DeadLetter
  n: number
  route: string
  value: Uint8Array
  /** Of an edited payload; undefined: the letter's own. */
  codec: number | undefined
  deliver: ReplayDelivery
  /** Attempts made so far. */
  attempts: number
  errors: readonly AttemptError[]
  /** What a former run kept: the handler has answered, only the delivery is left. */
  kept: ReplayResult | undefined
}

/** `counts`: this was an attempt. */
export type ReplayStep =
  | { kind: 'retry'; delayMs: number; errors: readonly AttemptError[]; counts: boolean }
  | ({ kind: 'ended' } & ReplayEnd)

export interface ReplayRunner {
  /** Runs one attempt. `keep` stores a result before it is delivered. Rejects only when a backend is away: the replay is run again. */
  run(replay: ReplayRun, keep: (result: ReplayResult) => Promise<void>): Promise<ReplayStep>
}

export type Discard = 'discarded' | 'missing' | 'underWay'

export interface DeadLetters {
  /** Those that have had a letter. */
  services(): Promise<string[]>
  list(query: DeadLetterQuery): Promise<DeadLetterPage>
  get(letter: LetterName): Promise<DeadLetterEntry | undefined>
  /** Which service each letter is of; of `service` alone where it is given. Undefined for what is not there. */
  find(ids: readonly string[], service?: string): Promise<(LetterName | undefined)[]>
  /** In the order of the letters. One with a replay under way stays. */
  discard(letters: readonly LetterName[]): Promise<Discard[]>
  /** Begins a batch; at most BATCH_LETTERS letters, each once. */
  replay(order: ReplayOrder, letters: readonly LetterName[]): Promise<ReplayBatch>
  /** Newest first; the last BATCHES_KEPT, and those that still run. */
  batches(): Promise<ReplayBatch[]>
  batch(id: string): Promise<ReplayBatch | undefined>
  /** What has not begun ends as `cancelled`; what has, ends its attempt. Undefined where there is no such batch. */
  cancel(id: string): Promise<ReplayBatch | undefined>
  /** Runs a service's replays as they are due, at most `concurrency` at a time. */
  work(service: string, runner: ReplayRunner, concurrency: number): Promise<RetryWorker>
}
