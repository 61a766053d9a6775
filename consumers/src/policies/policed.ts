import type { Results } from '@causeway/results'
import type { Logger, Metrics } from '@causeway/telemetry'
import type { Clock } from '../clock.ts'
import { type Handler, type Route, runOf } from '../route.ts'
import { AnswerCache } from './answer-cache.ts'
import { Breaker } from './breaker.ts'
import { Gate } from './gate.ts'
import { KeyGates } from './key-gates.ts'
import { NotNow } from './not-now.ts'
import { RateLimit } from './rate-limit.ts'
import { SharedAnswers } from './shared-answers.ts'
import { Threads } from './threads.ts'
import { whenEnded } from './when-ended.ts'

export interface PolicedOptions {
  service: string
  clock: Clock
  /** For answers that workers share. */
  results: Results
  logger: Logger
}

type Key = NonNullable<Route['policies']['concurrency']>['key']

/** The policies of one worker's routes at work: what they remember belongs to it. */
export class PolicedRoutes {
  readonly routes: ReadonlyMap<string, Route>
  readonly #options: PolicedOptions
  readonly #breakers = new Map<string, Breaker>()
  readonly #caches = new Map<string, AnswerCache | SharedAnswers>()
  readonly #gates = new Map<string, Gate>()
  readonly #threads: Threads[] = []
  readonly #fallbacks: Record<string, number> = {}
  readonly #putOff: Record<string, number> = {}

  constructor(routes: ReadonlyMap<string, Route>, options: PolicedOptions) {
    this.#options = options
    this.routes = new Map([...routes].map(([name, route]) => [name, this.#policed(route)]))
  }

  /** Around the handler itself: middleware stands before them. A route without policies stays as it is. */
  #policed(route: Route): Route {
    const { concurrency, cache, rate, breaker } = route.policies
    const gate = concurrency?.limit === undefined ? undefined : this.#gate(route, concurrency.limit)
    if ([concurrency?.key, cache, rate, breaker, route.threads].every(each => each === undefined)) return { ...route, gate }
    const { clock, logger } = this.#options
    let handler = this.#begun(route)
    if (breaker !== undefined) handler = this.#broken(route, handler, new Breaker(route.name, breaker, clock, logger))
    if (rate !== undefined) handler = limited(handler, new RateLimit(route.name, rate, clock))
    if (concurrency?.key !== undefined) handler = this.#keyed(route, handler, concurrency.key, concurrency.perKey)
    if (cache !== undefined) handler = this.#cached(route, handler, cache)
    return { ...route, gate, run: runOf(route.middleware, this.#counted(route, handler)) }
  }

  #gate({ name }: Route, limit: number): Gate {
    const gate = new Gate(limit)
    this.#gates.set(name, gate)
    return gate
  }

  #begun({ handler, threads }: Route): Handler<unknown> {
    if (threads === undefined) return handler
    const begun = new Threads(threads.module, threads.options)
    this.#threads.push(begun)
    return begun.run
  }

  #broken({ name, fallback }: Route, handler: Handler<unknown>, breaker: Breaker): Handler<unknown> {
    this.#breakers.set(name, breaker)
    return async (input, ctx) => {
      try {
        return await breaker.run(ctx, () => handler(input, ctx))
      } catch (error) {
        if (!(error instanceof NotNow) || fallback === undefined) throw error
        this.#fallbacks[name] = (this.#fallbacks[name] ?? 0) + 1
        ctx.answeredBy = 'fallback'
        return await fallback(input, ctx)
      }
    }
  }

  #keyed({ name }: Route, handler: Handler<unknown>, keyOf: NonNullable<Key>, perKey: number): Handler<unknown> {
    const gates = new KeyGates(name, perKey)
    return async (input, ctx) => {
      const key = keyOf(input, ctx)
      if (key === undefined) return await handler(input, ctx)
      const leave = await gates.enter(key, ctx)
      try {
        const value = await handler(input, ctx)
        // what comes after its time is read by nobody
        if (!ctx.signal.aborted) return whenEnded(value, leave)
        leave()
        return value
      } catch (error) {
        leave()
        throw error
      }
    }
  }

  #cached(route: Route, handler: Handler<unknown>, options: NonNullable<Route['policies']['cache']>): Handler<unknown> {
    const { service, clock, results, logger } = this.#options
    const { name, timeoutMs } = route
    const cache = options.shared
      ? new SharedAnswers({ service, route: name, ttlMs: options.ttlMs, timeoutMs, results, logger })
      : new AnswerCache(options, clock)
    this.#caches.set(name, cache)
    return (input, ctx) => {
      const key = options.key(input, ctx)
      return key === undefined ? handler(input, ctx) : cache.answer(key, ctx, () => handler(input, ctx))
    }
  }

  #counted({ name }: Route, handler: Handler<unknown>): Handler<unknown> {
    return async (input, ctx) => {
      try {
        return await handler(input, ctx)
      } catch (error) {
        if (error instanceof NotNow) this.#putOff[name] = (this.#putOff[name] ?? 0) + 1
        throw error
      }
    }
  }

  /** Ends the threads, whatever they run. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(threads => threads.close()))
  }

  tell(metrics: Metrics): void {
    metrics.counters(
      'causeway_worker_put_off_total',
      'Messages that a breaker, a rate or the places of a key made wait',
      'route',
      () => this.#putOff,
    )
    metrics.counters('causeway_worker_fallbacks_total', "Answers of a route's fallback", 'route', () => this.#fallbacks)
    metrics.counters('causeway_worker_cache_hits_total', 'Answers from the cache', 'route', () => figures(this.#caches, ({ hits }) => hits))
    metrics.gauge('causeway_worker_waiting_for_place', 'Sessions whose next message waits for a place of its route', () =>
      [...this.#gates.values()].reduce((waiting, gate) => waiting + gate.waiting, 0),
    )
    metrics.gauge('causeway_worker_breakers_open', 'Routes whose breaker is not closed', () =>
      [...this.#breakers.values()].reduce((open, breaker) => open + (breaker.isOpen ? 1 : 0), 0),
    )
  }
}

function limited(handler: Handler<unknown>, limit: RateLimit): Handler<unknown> {
  return (input, ctx) => {
    limit.take()
    return handler(input, ctx)
  }
}

const figures = <T>(all: ReadonlyMap<string, T>, figure: (one: T) => number): Record<string, number> =>
  Object.fromEntries([...all].map(([name, one]) => [name, figure(one)]))
