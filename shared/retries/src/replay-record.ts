import type { Replay, ReplayEdit, ReplayEnd, ReplayOrder, ReplayResult, ReplayRun } from './dead-letters.ts'
import { RESULT_BYTES } from './dead-letters-limits.ts'
import type { AttemptError, DeadLetter } from './retries.ts'

/** A replay as it is stored, under its number. */
export type StoredReplay = Omit<Replay, 'n'>

/** The record of a replay that an order begins. */
export const begunRecord = (batch: string, at: number, { by, reason, deliver, edit }: ReplayOrder): StoredReplay => ({
  ...{ batch, at, by, reason, deliver },
  route: edit?.route,
  edited: edit?.value64 === undefined ? undefined : true,
})

export interface ReplayParts {
  letter: DeadLetter
  record: StoredReplay
  n: number
  edit: ReplayEdit
  /** Made so far. */
  attempts: number
  errors: readonly AttemptError[]
}

/** What a worker gets of a replay. */
export function replayRun({ letter, record, n, edit, attempts, errors }: ReplayParts): ReplayRun {
  return {
    letter,
    n,
    route: edit.route ?? letter.route,
    value: edit.value64 === undefined ? letter.value : Buffer.from(edit.value64, 'base64'),
    codec: edit.codec,
    deliver: record.deliver,
    attempts,
    errors,
    kept: record.result,
  }
}

/** A replay's record with its end; of a large result only the size stays. */
export function endedRecord(record: StoredReplay, { outcome, result, pushed, error, errors }: ReplayEnd): StoredReplay {
  const kept = result === undefined || result.bytes <= RESULT_BYTES ? result : ({ bytes: result.bytes } satisfies ReplayResult)
  return { ...record, outcome, result: kept, pushed, error, errors, finishedAt: Date.now() }
}
