import { type RouteSection, readDuration } from '@causeway/config'
import { type Policies, policiesOf } from '../policies/options.ts'
import { retryPolicy } from '../retry-policy.ts'
import type { Route } from '../route.ts'

/** A route as its code has it, with what the central configuration says in its place. Throws where that makes no sense with the code. */
export function configuredRoute(route: Route, section: RouteSection): Route {
  const { timeout, priority, retry } = section
  const { attempts, minMs, maxMs, jitter } = route.retry
  return {
    ...route,
    timeoutMs: timeout === undefined ? route.timeoutMs : readDuration(timeout),
    priority: priority ?? route.priority,
    retry: retry === undefined ? route.retry : named(route.name, () => retryPolicy({ attempts, min: minMs, max: maxMs, jitter, ...retry })),
    policies: configuredPolicies(route, section),
  }
}

function configuredPolicies({ name, policies }: Route, { rate, breaker, concurrency, cache }: RouteSection): Policies {
  const given = policiesOf(name, { rate: rate === 'off' ? undefined : rate, breaker: breaker === 'off' ? undefined : breaker })
  return {
    concurrency: concurrency === undefined ? policies.concurrency : { ...(policies.concurrency ?? NO_KEY), limit: limitOf(concurrency) },
    cache: cache === undefined ? policies.cache : { ...cacheOf(name, policies), ttlMs: readDuration(cache.ttl) },
    rate: rate === undefined ? policies.rate : given.rate,
    breaker: breaker === undefined ? policies.breaker : given.breaker,
  }
}

const NO_KEY = { key: undefined, perKey: 1 }

const limitOf = (concurrency: number | 'off'): number | undefined => (concurrency === 'off' ? undefined : concurrency)

function cacheOf(name: string, { cache }: Policies): NonNullable<Policies['cache']> {
  if (cache === undefined) throw new Error(`routes/${name}/cache: its code has no cache, so nothing says which messages share an answer`)
  return cache
}

function named<T>(name: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Error(`routes/${name}: ${(error as Error).message}`, { cause: error })
  }
}
