import { bucketOf } from '@causeway/protocol'
import type { FinishFinal, FinishResult, Sessions } from '@causeway/sessions'
import { type Capability, uniqueName } from '@causeway/testing'
import type { DeadLetter, Retries, RetryMessage, RetryRunner, RunnerLease, RunOutcome } from './retries.ts'

/** Retries and sessions on one store, under test; `close` releases everything behind them. */
export interface OpenedRetries {
  retries: Retries
  sessions: Sessions
  close(): Promise<void>
  /** Ends both as a killed process does, its running jobs included, and opens both again on the same data; `close` then closes those. */
  crash?(): Promise<{ retries: Retries; sessions: Sessions }>
}

export interface RetriesCapabilities {
  /** `crash` is there, and a job that ran when it came is run again within seconds. */
  crashes: Capability
}

/** Registers one behaviour, run on a store of its own. */
export type OnRetries = (behaviour: string, run: (opened: OpenedRetries) => Promise<void>, options?: { skip?: false | string }) => void

/** ms; long enough that no session of a test ends by itself. */
const LIFETIME_MS = 60_000

/** A session with messages that fail. */
export interface FailingSession {
  service: string
  session: string
  bucket: number
  incarnation: string
}

export async function failingSession(sessions: Sessions, service = uniqueName('service')): Promise<FailingSession> {
  const session = uniqueName('session')
  const incarnation = uniqueName('incarnation')
  const bucket = bucketOf(session)
  await sessions.open([
    {
      session,
      bucket,
      incarnation,
      tokenDigest: 'digest',
      gateway: uniqueName('gateway'),
      principal: '',
      expiresAt: Date.now() + LIFETIME_MS,
    },
  ])
  return { service, session, bucket, incarnation }
}

export const message = (
  { service, session, bucket, incarnation }: FailingSession,
  msgId: number,
  changes: Partial<RetryMessage> = {},
): RetryMessage => ({
  service,
  session,
  bucket,
  incarnation,
  msgId,
  route: 'demo.fail',
  header: `1;${msgId}`,
  value: Uint8Array.from([0, 255, msgId]),
  attempts: 1,
  errors: [{ at: 1_700_000_000_000, worker: 'worker-1', error: 'Error: broken', attempt: 1 }],
  ...changes,
})

/** Ends a message as the worker does. */
export async function finishMessage(
  sessions: Sessions,
  failing: FailingSession,
  msgId: number,
  lease: RunnerLease | undefined,
  lane?: string,
): Promise<FinishResult> {
  const { service, session, bucket, incarnation } = failing
  const entry: FinishFinal = {
    kind: 'final',
    outcome: 'answered',
    session,
    bucket,
    incarnation,
    msgId,
    prev: msgId - 1,
    frame: new Uint8Array(20),
  }
  if (lease) entry.unpark = { service, token: lease.token, ...(lane === undefined ? {} : { lane }) }
  return (await sessions.finish([entry]))[0]!
}

export type Attempt = (message: RetryMessage, lease: RunnerLease | undefined) => Promise<RunOutcome>

/** A runner that finishes every message, keeping what it was handed; `attempt` may do otherwise. */
export function finishingRunner(sessions: Sessions, failing: FailingSession, attempt?: Attempt) {
  const runs: { message: RetryMessage; lease: RunnerLease | undefined; at: number }[] = []
  const outcomes: RunOutcome[] = []
  const finish: Attempt = async (handed, lease) => ({
    kind: 'finished',
    parked: (await finishMessage(sessions, failing, handed.msgId, lease, handed.lane)).parked,
  })
  const runner: RetryRunner = {
    async run(handed, lease) {
      runs.push({ message: handed, lease, at: Date.now() })
      const outcome = await (attempt ?? finish)(handed, lease)
      outcomes.push(outcome)
      return outcome
    },
  }
  return { runner, runs, outcomes, finish, msgIds: () => runs.map(({ message: { msgId } }) => msgId) }
}

/** The same message after one more failure. */
export const failedAgain = (failed: RetryMessage): RetryMessage => ({
  ...failed,
  attempts: failed.attempts + 1,
  errors: [...failed.errors, { at: Date.now(), worker: 'worker-1', error: 'Error: again', attempt: failed.attempts + 1 }],
})

/** A service's dead letters, newest first. */
export const lettersOf = async (retries: Retries, service: string) => (await retries.deadLetters.list({ service, limit: 100 })).letters

/** A dead letter of a session: message `msgId`, given up at that many ms. */
export const deadLetter = (failing: FailingSession, msgId: number, changes: Partial<DeadLetter> = {}): DeadLetter => ({
  ...message(failing, msgId),
  deadAt: msgId,
  reason: 'attempts exhausted',
  ...changes,
})
