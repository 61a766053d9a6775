import { milliseconds } from './milliseconds.ts'
import type { KnownOptions } from './unknown-options.ts'

/** A route's retries as a user writes them. */
export interface RetryOptions {
  /** All attempts, the first included. Default 5; 1 for none. */
  attempts?: number
  /** First wait. Default 200 ms. */
  min?: number | string
  /** Longest wait. Default 30 s. */
  max?: number | string
  /** Share of a wait that chance may take off, 0 to 1. Default 0.5. */
  jitter?: number
}

export const RETRY_OPTIONS = { attempts: true, min: true, max: true, jitter: true } satisfies Record<keyof RetryOptions, true> &
  KnownOptions

export interface RetryPolicy {
  attempts: number
  minMs: number
  maxMs: number
  jitter: number
}

/** Throws a TypeError that says which of them is wrong; `what` is how it calls them. */
export function retryPolicy(options: RetryOptions = {}, what = 'retry'): RetryPolicy {
  const policy = {
    attempts: options.attempts ?? 5,
    minMs: milliseconds(options.min ?? 200, `${what}.min`),
    maxMs: milliseconds(options.max ?? 30_000, `${what}.max`),
    jitter: options.jitter ?? 0.5,
  }
  if (!Number.isInteger(policy.attempts) || policy.attempts < 1)
    throw new TypeError(`${what}.attempts is ${options.attempts}: expected a whole number from 1`)
  if (!(policy.jitter >= 0 && policy.jitter <= 1)) throw new TypeError(`${what}.jitter is ${options.jitter}: expected a number from 0 to 1`)
  if (policy.maxMs < policy.minMs) throw new TypeError(`${what}.max (${policy.maxMs} ms) is below ${what}.min (${policy.minMs} ms)`)
  return policy
}

/** Wait after the attempt of this number (from 1): doubles from min to max, chance takes off up to `jitter` of it. `random` is 0 to 1. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.maxMs, policy.minMs * 2 ** (attempt - 1))
  return Math.round(full * (1 - policy.jitter * random))
}
