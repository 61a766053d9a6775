import { isDeepStrictEqual } from 'node:util'
import type { Results } from '@causeway/results'
import type { Logger } from '@causeway/telemetry'
import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'
import { type Handler, type Route, runOf } from '../route.ts'
import { AnswerCache } from './answer-cache.ts'
import { Breaker } from './breaker.ts'
import { Gate } from './gate.ts'
import { KeyGates } from './key-gates.ts'
import { NotNow } from './not-now.ts'
import type { Policies } from './options.ts'
import { RateLimit } from './rate-limit.ts'
import { SharedAnswers } from './shared-answers.ts'
import { Threads } from './threads.ts'
import { endingStream, isStream } from './when-ended.ts'

export interface PolicedOptions {
  service: string
  clock: Clock
  /** For answers that workers share. */
  results: Results
  logger: Logger
}

/** What a route's policies remember, and what is counted of them. */
interface Remembered {
  gate: Gate | undefined
  keys: KeyGates | undefined
  rate: RateLimit | undefined
  breaker: Breaker | undefined
  cache: AnswerCache | SharedAnswers | undefined
  threads: Threads | undefined
  fallbacks: number
  putOff: number
}

const NOTHING: Remembered = {
  ...{ gate: undefined, keys: undefined, rate: undefined, breaker: undefined, cache: undefined, threads: undefined },
  ...{ fallbacks: 0, putOff: 0 },
}

/** A route with its policies at work, around the handler itself: middleware stands before them. A route without policies runs as it is. */
export class ArmedRoute {
  readonly route: Route
  readonly remembered: Remembered
  readonly #given: Route
  readonly #options: PolicedOptions
  /** Of keys, for streams that middleware has not passed on yet. */
  readonly #places = new WeakMap<Context, () => void>()

  /** `former`: the same route as it was. What its policies remember is kept where they stay the same: an open breaker stays open. */
  constructor(given: Route, options: PolicedOptions, former?: ArmedRoute) {
    this.#given = given
    this.#options = options
    this.remembered = { ...NOTHING, ...this.#kept(former) }
    this.route = this.#armed()
  }

  #kept(former: ArmedRoute | undefined): Partial<Remembered> {
    if (former === undefined) return {}
    const { remembered } = former
    const same = (policy: keyof Policies): boolean => isDeepStrictEqual(former.#given.policies[policy], this.#given.policies[policy])
    const { gate, keys, rate, breaker, cache, threads, fallbacks, putOff } = remembered
    return {
      ...{ gate, keys, fallbacks, putOff },
      rate: same('rate') ? rate : undefined,
      breaker: same('breaker') ? breaker : undefined,
      // functions are the same where they are one: code that was loaded again is other code, though it looks the same
      cache: same('cache') ? cache : undefined,
      threads: former.#given.threads === this.#given.threads ? threads : undefined,
    }
  }

  #armed(): Route {
    const given = this.#given
    const { concurrency, cache, rate, breaker } = given.policies
    const gate = this.#gate(concurrency?.limit)
    if ([concurrency?.key, cache, rate, breaker, given.threads].every(each => each === undefined)) return { ...given, gate }
    let handler = this.#begun()
    if (breaker !== undefined) handler = this.#broken(handler, breaker)
    if (rate !== undefined) handler = this.#limited(handler, rate)
    if (concurrency?.key !== undefined) handler = this.#keyed(handler, concurrency.key, concurrency.perKey)
    if (cache !== undefined) handler = this.#cached(handler, cache)
    const run = runOf(given.middleware, this.#counted(handler))
    return { ...given, gate, run: concurrency?.key === undefined ? run : this.#lettingGo(run) }
  }

  /** Who waits for a place of the former route finds it here, or is let go. */
  #gate(limit: number | undefined): Gate | undefined {
    const { remembered } = this
    if (limit !== undefined) remembered.gate ??= new Gate(limit)
    if (remembered.gate !== undefined) remembered.gate.limit = limit ?? Number.POSITIVE_INFINITY
    return limit === undefined ? undefined : remembered.gate
  }

  #begun(): Handler<unknown> {
    const { handler, threads } = this.#given
    if (threads === undefined) return handler
    this.remembered.threads ??= new Threads(threads.module, threads.options)
    return this.remembered.threads.run
  }

  #broken(handler: Handler<unknown>, options: NonNullable<Policies['breaker']>): Handler<unknown> {
    const { name, fallback } = this.#given
    const { clock, logger } = this.#options
    this.remembered.breaker ??= new Breaker(name, options, clock, logger)
    const { breaker } = this.remembered
    return async (input, ctx) => {
      try {
        return await breaker.run(ctx, () => handler(input, ctx))
      } catch (error) {
        if (!(error instanceof NotNow) || fallback === undefined) throw error
        this.remembered.fallbacks++
        ctx.answeredBy = 'fallback'
        return await fallback(input, ctx)
      }
    }
  }

  #keyed(handler: Handler<unknown>, keyOf: NonNullable<NonNullable<Policies['concurrency']>['key']>, perKey: number): Handler<unknown> {
    this.remembered.keys ??= new KeyGates(this.#given.name, perKey)
    const { keys } = this.remembered
    keys.perKey = perKey
    return async (input, ctx) => {
      const key = textOf(keyOf(input, ctx), `route ${this.#given.name}: concurrency.key`)
      if (key === undefined) return await handler(input, ctx)
      const leave = await keys.enter(key, ctx)
      let isKept = false
      try {
        const value = await handler(input, ctx)
        isKept = isStream(value)
        if (isKept) this.#keep(ctx, leave)
        return value
      } finally {
        if (!isKept) leave()
      }
    }
  }

  /** A middleware may have run the handler twice. */
  #keep(ctx: Context, leave: () => void): void {
    const before = this.#places.get(ctx)
    this.#places.set(ctx, () => {
      before?.()
      leave()
    })
  }

  /** Places that streams hold are given up when what middleware has made of them ends; at once where that is no stream, or comes after its time: nobody reads it. */
  #lettingGo(run: Handler<unknown>): Handler<unknown> {
    return async (input, ctx) => {
      try {
        const value = await run(input, ctx)
        const leave = this.#places.get(ctx)
        if (leave === undefined || !isStream(value) || ctx.signal.aborted) return value
        this.#places.delete(ctx)
        return endingStream(value, leave)
      } finally {
        this.#places.get(ctx)?.()
        this.#places.delete(ctx)
      }
    }
  }

  #cached(handler: Handler<unknown>, options: NonNullable<Policies['cache']>): Handler<unknown> {
    const { service, clock, results, logger } = this.#options
    const { name, timeoutMs } = this.#given
    this.remembered.cache ??= options.shared
      ? new SharedAnswers({ service, route: name, ttlMs: options.ttlMs, timeoutMs, results, logger })
      : new AnswerCache(options, clock)
    const { cache } = this.remembered
    return (input, ctx) => {
      const key = textOf(options.key(input, ctx), `route ${name}: cache.key`)
      return key === undefined ? handler(input, ctx) : cache.answer(key, ctx, () => handler(input, ctx))
    }
  }

  #limited(handler: Handler<unknown>, options: NonNullable<Policies['rate']>): Handler<unknown> {
    this.remembered.rate ??= new RateLimit(this.#given.name, options, this.#options.clock)
    const { rate } = this.remembered
    return (input, ctx) => {
      rate.take()
      return handler(input, ctx)
    }
  }

  #counted(handler: Handler<unknown>): Handler<unknown> {
    return async (input, ctx) => {
      try {
        return await handler(input, ctx)
      } catch (error) {
        if (error instanceof NotNow) this.remembered.putOff++
        throw error
      }
    }
  }

  /** It is served no more, or `successor` serves it: threads of its own end with what they run, and nobody waits for its places. */
  async retire(successor?: ArmedRoute): Promise<void> {
    const { gate, threads } = this.remembered
    if (gate !== undefined && gate !== successor?.remembered.gate) gate.limit = Number.POSITIVE_INFINITY
    if (threads !== successor?.remembered.threads) await threads?.drain()
  }

  /** Ends its threads, whatever they run. */
  async close(): Promise<void> {
    await this.remembered.threads?.close()
  }
}

/** Throws where it gives what has no text of its own: all objects would be one key. */
function textOf(key: unknown, what: string): string | undefined {
  if (key === undefined || key === null) return undefined
  if (typeof key === 'string') return key
  if (typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean') return String(key)
  throw new TypeError(
    `${what} gives ${Array.isArray(key) ? 'an array' : `a value of type ${typeof key}`}: expected a text, or undefined for none`,
  )
}
