import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@causeway/telemetry'

/** Waits between tries, ms; doubles from the first to the last. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 2_000
/** How often somebody who watches the log is told that it still waits, ms. */
const TELL_MS = 10_000

export interface Reach<T> {
  /** What is to be reached and where, for people. */
  what: string
  /** Rejects while it is away. */
  open: () => Promise<T>
  /** Whether an error is one that waiting won't mend. */
  isFinal?: (error: Error) => boolean
  withinMs: number
  logger: Logger
}

/** Opens what may not be up yet: a process and its backends may be started in any order. Rejects, saying what to do, when the time is up. */
export async function untilReachable<T>({ what, open, isFinal, withinMs, logger }: Reach<T>): Promise<T> {
  const until = performance.now() + withinMs
  let waitMs = FIRST_WAIT_MS
  let toldAt = Number.NEGATIVE_INFINITY
  for (;;) {
    try {
      const opened = await open()
      if (toldAt > 0) logger.info(`${what} is there`)
      return opened
    } catch (error) {
      const { message } = error as Error
      const now = performance.now()
      if (isFinal?.(error as Error)) throw new Error(`${what}: ${message}`, { cause: error })
      if (now >= until) {
        throw new Error(
          `${what} could not be reached within ${withinMs} ms: ${message}. Start it, correct its address, or set CAUSEWAY_START_TIMEOUT to wait longer.`,
          { cause: error },
        )
      }
      if (now >= toldAt + TELL_MS) {
        logger.warn({ error: message, forAtMostMs: Math.round(until - now) }, `${what} can not be reached; waiting for it`)
        toldAt = now
      }
      await sleep(Math.min(waitMs, Math.max(0, until - now)))
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    }
  }
}
