import type { Metrics } from '@causeway/telemetry'
import type { Route } from '../route.ts'
import { ArmedRoute, type PolicedOptions } from './armed-route.ts'
import { SharedAnswers } from './shared-answers.ts'

/** The routes of one worker with their policies at work: what these remember belongs to it. */
export class PolicedRoutes {
  readonly #options: PolicedOptions
  readonly #armed = new Map<string, ArmedRoute>()
  readonly #routes = new Map<string, Route>()

  constructor(routes: ReadonlyMap<string, Route>, options: PolicedOptions) {
    this.#options = options
    this.replace(routes)
  }

  /** The same map for ever: `replace` changes what is in it. */
  get routes(): ReadonlyMap<string, Route> {
    return this.#routes
  }

  /** Serves these from the next message on. What runs goes on as it began; policies that stay the same remember what they did. */
  replace(routes: ReadonlyMap<string, Route>): void {
    const retired = [...this.#armed.values()].filter(({ route }) => !routes.has(route.name))
    for (const each of retired) {
      this.#armed.delete(each.route.name)
      this.#routes.delete(each.route.name)
      this.#retire(each)
    }
    for (const [name, route] of routes) {
      const former = this.#armed.get(name)
      const armed = new ArmedRoute(route, this.#options, former)
      this.#armed.set(name, armed)
      this.#routes.set(name, armed.route)
      if (former !== undefined) this.#retire(former, armed)
    }
  }

  #retire(former: ArmedRoute, successor?: ArmedRoute): void {
    const { logger } = this.#options
    former
      .retire(successor)
      .catch(error => logger.warn({ route: former.route.name, error: (error as Error).message }, 'threads of a former route did not end'))
  }

  /** Ends the threads, whatever they run. */
  async close(): Promise<void> {
    await Promise.all([...this.#armed.values()].map(armed => armed.close()))
  }

  tell(metrics: Metrics): void {
    metrics.counters('causeway_worker_put_off_total', 'Messages that a breaker, a rate or the places of a key made wait', 'route', () =>
      this.#counted(({ putOff }) => putOff),
    )
    metrics.counters('causeway_worker_fallbacks_total', "Answers of a route's fallback", 'route', () =>
      this.#counted(({ fallbacks }) => fallbacks),
    )
    metrics.counters('causeway_worker_cache_hits_total', 'Answers from the cache', 'route', () => this.#counted(({ cache }) => cache?.hits))
    metrics.counters('causeway_worker_shared_cache_failures_total', 'Answers that a shared cache could not look up or keep', 'route', () =>
      this.#counted(({ cache }) => (cache instanceof SharedAnswers ? cache.failures : undefined)),
    )
    metrics.gauge('causeway_worker_waiting_for_place', 'Sessions whose next message waits for a place of its route', () =>
      this.#sum(({ gate }) => gate?.waiting ?? 0),
    )
    metrics.gauge('causeway_worker_breakers_open', 'Routes whose breaker is not closed', () =>
      this.#sum(({ breaker }) => (breaker?.isOpen ? 1 : 0)),
    )
  }

  /** By route, where there is something to count. */
  #counted(figure: (remembered: ArmedRoute['remembered']) => number | undefined): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const [name, { remembered }] of this.#armed) {
      const count = figure(remembered)
      if (count !== undefined && count > 0) counts[name] = count
    }
    return counts
  }

  #sum(figure: (remembered: ArmedRoute['remembered']) => number): number {
    return [...this.#armed.values()].reduce((sum, { remembered }) => sum + figure(remembered), 0)
  }
}
