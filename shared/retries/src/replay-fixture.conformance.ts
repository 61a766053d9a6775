import type { Sessions } from '@causeway/sessions'
import { until } from '@causeway/testing'
import type { LetterName, Replay, ReplayEnd, ReplayOrder, ReplayResult, ReplayRun, ReplayStep } from './dead-letters.ts'
import { deadLetter, type FailingSession, failingSession } from './fixture.conformance.ts'
import { deadLetterId, type Retries } from './retries.ts'

export const order = (changes: Partial<ReplayOrder> = {}): ReplayOrder => ({
  by: 'ann',
  reason: 'the cause is mended',
  deliver: 'letter',
  perSecond: 1_000,
  ...changes,
})

/** A session with so many dead letters, and their names in order. */
export async function buried(retries: Retries, sessions: Sessions, count = 1): Promise<{ failing: FailingSession; letters: LetterName[] }> {
  const failing = await failingSession(sessions)
  const letters = Array.from({ length: count }, (_, index) => deadLetter(failing, index + 1))
  for (const letter of letters) await retries.bury(letter)
  return { failing, letters: letters.map(letter => ({ service: failing.service, id: deadLetterId(letter) })) }
}

export const RESULT: ReplayResult = { bytes: 2, values: [{ codec: 1, value64: Buffer.from('42').toString('base64') }] }
export const ANSWERED: ReplayStep = { kind: 'ended', outcome: 'answered', result: RESULT, errors: [] }

type Attempt = (run: ReplayRun, keep: (result: ReplayResult) => Promise<void>) => Promise<ReplayStep>

/** A runner that answers every replay, keeping what it was handed; `attempt` may do otherwise. */
export function replayRunner(attempt: Attempt = async () => ANSWERED) {
  const runs: ReplayRun[] = []
  const runner = {
    run: (run: ReplayRun, keep: (result: ReplayResult) => Promise<void>) => {
      runs.push(run)
      return attempt(run, keep)
    },
  }
  return { runner, runs }
}

/** The same replay after one more failure. */
export const failedOnce = ({ attempts, errors }: ReplayRun, delayMs = 10): ReplayStep => ({
  kind: 'retry',
  counts: true,
  delayMs,
  errors: [...errors, { at: Date.now(), worker: 'worker-1', error: `Error: attempt ${attempts + 1}`, attempt: attempts + 1 }],
})

/** A letter's replays once so many have ended. */
export async function endedReplays(retries: Retries, letter: LetterName, count: number): Promise<Replay[]> {
  let replays: Replay[] = []
  await until(
    async () => {
      replays = (await retries.deadLetters.get(letter))!.replays
      return replays.filter(({ finishedAt }) => finishedAt !== undefined).length === count
    },
    { what: `${count} replays of ${letter.id} ended` },
  )
  return replays
}

export const endOf = ({ outcome, result, pushed, error, errors }: Partial<ReplayEnd>): Partial<ReplayEnd> =>
  JSON.parse(JSON.stringify({ outcome, result, pushed, error, errors })) as Partial<ReplayEnd>
