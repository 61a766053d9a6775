import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** ms; how long a condition may take by default. Generous: a loaded machine should not fail a test. */
const DEFAULT_TIMEOUT_MS = 5_000
/** ms between two looks at a condition. */
const LOOK_EVERY_MS = 5

export interface UntilOptions {
  /** ms; default 5,000. */
  timeoutMs?: number
  /** What is awaited, for the error's text; default the condition's source. */
  what?: string
}

/** Resolves when `condition` holds; rejects, naming it, when it still doesn't after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, options: UntilOptions = {}): Promise<void> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const end = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for: ${options.what ?? condition.toString()}`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** One turn of the event loop, for tests that spread work over several. */
export const turn = (): Promise<void> => nextTurn()
