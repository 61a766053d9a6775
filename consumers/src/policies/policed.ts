import type { Logger, Metrics } from '@causeway/telemetry'
import type { Clock } from '../clock.ts'
import { type Handler, type Route, runOf } from '../route.ts'
import { AnswerCache } from './answer-cache.ts'
import { Breaker } from './breaker.ts'
import { NotNow } from './not-now.ts'
import { RateLimit } from './rate-limit.ts'
import { Threads } from './threads.ts'

/** The policies of one worker's routes at work: what they remember belongs to it. */
export class PolicedRoutes {
  readonly routes: ReadonlyMap<string, Route>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #breakers = new Map<string, Breaker>()
  readonly #caches = new Map<string, AnswerCache>()
  readonly #threads: Threads[] = []
  readonly #fallbacks: Record<string, number> = {}
  readonly #putOff: Record<string, number> = {}

  constructor(routes: ReadonlyMap<string, Route>, clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
    this.routes = new Map([...routes].map(([name, route]) => [name, this.#policed(route)]))
  }

  /** Around the handler itself: middleware stands before them. A route without policies stays as it is. */
  #policed(route: Route): Route {
    const { cache, rate, breaker } = route.policies
    if (cache === undefined && rate === undefined && breaker === undefined && route.threads === undefined) return route
    let handler = this.#begun(route)
    if (breaker !== undefined) handler = this.#broken(route, handler, new Breaker(route.name, breaker, this.#clock, this.#logger))
    if (rate !== undefined) handler = limited(handler, new RateLimit(route.name, rate, this.#clock))
    if (cache !== undefined) handler = this.#cached(route, handler, cache)
    return { ...route, run: runOf(route.middleware, this.#counted(route, handler)) }
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
        return await fallback(input, ctx)
      }
    }
  }

  #cached({ name }: Route, handler: Handler<unknown>, options: NonNullable<Route['policies']['cache']>): Handler<unknown> {
    const cache = new AnswerCache(options, this.#clock)
    this.#caches.set(name, cache)
    return (input, ctx) => {
      const key = options.key(input, ctx)
      return key === undefined ? handler(input, ctx) : cache.answer(key, () => handler(input, ctx))
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
    metrics.counters('causeway_worker_put_off_total', 'Messages that a breaker or a rate made wait', 'route', () => this.#putOff)
    metrics.counters('causeway_worker_fallbacks_total', "Answers of a route's fallback", 'route', () => this.#fallbacks)
    metrics.counters('causeway_worker_cache_hits_total', 'Answers from the cache', 'route', () => figures(this.#caches, ({ hits }) => hits))
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
