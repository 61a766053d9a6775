/** How long to wait before the next attempt to connect: full jitter, so that clients cut off together don't come back together. */

/** The bounds of a back-off in milliseconds. */
export interface Backoff {
  min: number
  max: number
}

/** Milliseconds to wait before attempt `attempt` (from 0): drawn from 0 to min x 2^attempt, at most max. `random` gives 0 to below 1. */
export function backoffDelay(attempt: number, { min, max }: Backoff, random: () => number): number {
  // Past 2^30 the power would only lose precision; max is reached long before.
  const ceiling = Math.min(max, min * 2 ** Math.min(attempt, 30))
  return Math.floor(random() * ceiling)
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}

/** The result of `work`, or the signal's reason as soon as it aborts. */
export function untilAborted<Result>(work: Promise<Result> | Result, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  Promise.resolve(work)
    .then(resolve, reject)
    .finally(() => signal.removeEventListener('abort', abort))
  return promise
}
