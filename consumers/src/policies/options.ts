import type { Context } from '../context.ts'
import { milliseconds } from '../milliseconds.ts'
import { type UnknownOption, unknownOptions } from '../unknown-options.ts'

export interface BreakerOptions {
  /** Failures in a row that open it. Default 5. */
  failures?: number
  /** How long it stays open before one message is let through to try. Default 10 s. */
  openFor?: number | string
}

export interface RateOptions {
  /** Messages in `per`, at each worker. */
  limit: number
  /** Default 1 s. */
  per?: number | string
}

export interface CacheOptions<In> {
  /** Messages with the same text share an answer; undefined: this one is not cached. */
  key: (input: In, ctx: Context) => string | undefined
  ttl: number | string
  /** Whether all workers share it, in the store (Redis; embedded: the data folder), answers of up to 1 MiB; one of them asks at a time. Default false: each has its own. */
  shared?: boolean
  /** Answers kept in memory, where it is not shared; the one used longest ago goes first. Default 10,000. */
  entries?: number
}

export interface ConcurrencyOptions<In> {
  /** Messages of the route at a time, at each worker. Default: as many as the worker handles. */
  limit?: number
  /** What some have in common of which `perKey` are handled at a time; undefined: nothing. */
  key?: (input: In, ctx: Context) => string | undefined
  /** Default 1. */
  perKey?: number
}

/** What stands between a message and its handler, in this order. */
export interface PolicyOptions<In> {
  /** So many messages at a time, at each worker: a number, or more of it by key. Others wait, and use up no attempt. */
  concurrency?: number | ConcurrencyOptions<In>
  /** Remembers answers; one handler runs for all who ask at a time. Streams are not cached. */
  cache?: CacheOptions<In>
  /** Messages beyond it wait, and use up no attempt. */
  rate?: RateOptions
  /** Opened by failures in a row; what it keeps out waits and uses up no attempt, or is answered by the route's fallback. */
  breaker?: BreakerOptions
}

export interface ThreadOptions {
  /** Threads of the route in each worker, begun when they are needed. Default: one less than the machine's cores, at least one. */
  max?: number
}

export interface Policies {
  concurrency: { limit: number | undefined; key: ConcurrencyOptions<unknown>['key']; perKey: number } | undefined
  cache: { key: CacheOptions<unknown>['key']; ttlMs: number; shared: boolean; entries: number } | undefined
  rate: { limit: number; perMs: number } | undefined
  breaker: { failures: number; openForMs: number } | undefined
}

export const POLICY_OPTIONS = { concurrency: true, cache: true, rate: true, breaker: true } satisfies Record<
  keyof PolicyOptions<unknown>,
  true
>
const BREAKER_OPTIONS = { failures: true, openFor: true } satisfies Record<keyof BreakerOptions, true>
const RATE_OPTIONS = { limit: true, per: true } satisfies Record<keyof RateOptions, true>
const CACHE_OPTIONS = { key: true, ttl: true, shared: true, entries: true } satisfies Record<keyof CacheOptions<unknown>, true>
const CONCURRENCY_OPTIONS = { limit: true, key: true, perKey: true } satisfies Record<keyof ConcurrencyOptions<unknown>, true>
const THREAD_OPTIONS = { max: true } satisfies Record<keyof ThreadOptions, true>

/** Within the policies. */
export function unknownPolicyOptions<In>({ concurrency, cache, rate, breaker }: PolicyOptions<In>): UnknownOption[] {
  return [
    ...unknownOptions(concurrency, CONCURRENCY_OPTIONS, 'concurrency'),
    ...unknownOptions(cache, CACHE_OPTIONS, 'cache'),
    ...unknownOptions(rate, RATE_OPTIONS, 'rate'),
    ...unknownOptions(breaker, BREAKER_OPTIONS, 'breaker'),
  ]
}

export const unknownThreadOptions = (options: ThreadOptions): UnknownOption[] => unknownOptions(options, THREAD_OPTIONS, 'handleInThreads')

/** Throws a TypeError that names the option where one is wrong. */
export function policiesOf<In>(route: string, { concurrency, cache, rate, breaker }: PolicyOptions<In>): Policies {
  const named = (name: string): string => `route ${route}: ${name}`
  if (cache !== undefined) cacheChecked(named, cache)
  if (rate !== undefined) asObject(rate, named('rate'))
  if (breaker !== undefined) asObject(breaker, named('breaker'))
  return {
    concurrency: concurrency === undefined ? undefined : concurrencyOf(named, concurrency),
    cache: cache && {
      key: cache.key as CacheOptions<unknown>['key'],
      ttlMs: positive(milliseconds(cache.ttl, named('cache.ttl')), named('cache.ttl')),
      shared: cache.shared ?? false,
      entries: whole(cache.entries ?? 10_000, named('cache.entries')),
    },
    rate: rate && {
      limit: whole(rate.limit, named('rate.limit')),
      perMs: positive(milliseconds(rate.per ?? 1_000, named('rate.per')), named('rate.per')),
    },
    breaker: breaker && {
      failures: whole(breaker.failures ?? 5, named('breaker.failures')),
      openForMs: positive(milliseconds(breaker.openFor ?? 10_000, named('breaker.openFor')), named('breaker.openFor')),
    },
  }
}

function cacheChecked<In>(named: (name: string) => string, cache: CacheOptions<In>): void {
  asObject(cache, named('cache'))
  asFunction(cache.key, named('cache.key'))
  if (cache.shared !== undefined && typeof cache.shared !== 'boolean')
    throw new TypeError(`${named('cache.shared')} is ${JSON.stringify(cache.shared)}: expected true or false`)
}

function concurrencyOf<In>(named: (name: string) => string, given: number | ConcurrencyOptions<In>): Policies['concurrency'] {
  if (typeof given !== 'number') asObject(given, named('concurrency'), 'a whole number from 1, or an object of options')
  const { limit, key, perKey = 1 }: ConcurrencyOptions<In> = typeof given === 'number' ? { limit: given } : given
  if (limit === undefined && key === undefined) throw new TypeError(`${named('concurrency')} is empty: expected a limit, a key, or both`)
  if (key !== undefined) asFunction(key, named('concurrency.key'))
  return {
    limit: limit === undefined ? undefined : whole(limit, named('concurrency.limit')),
    key: key as ConcurrencyOptions<unknown>['key'],
    perKey: whole(perKey, named('concurrency.perKey')),
  }
}

/** Throws a TypeError that names the option where it is wrong. */
export function threadOptions(route: string, options: ThreadOptions): ThreadOptions {
  asObject(options, `route ${route}: options of threads`)
  if (options.max !== undefined) whole(options.max, `route ${route}: threads.max`)
  return options
}

/** Throws a TypeError that says what was given and what was expected. */
export function asObject(value: unknown, what: string, expected = 'an object of options'): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${what} is ${JSON.stringify(value)}: expected ${expected}`)
}

/** The same. */
export function asFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new TypeError(`${what} is ${JSON.stringify(value)}: expected a function`)
}

function whole(value: number, what: string): number {
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${what} is ${value}: expected a whole number from 1`)
  return value
}

function positive(ms: number, what: string): number {
  if (ms <= 0) throw new TypeError(`${what} is ${ms} ms: expected more than 0`)
  return ms
}
