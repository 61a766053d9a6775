import { type Middleware, type Route, runOf } from './route.ts'
import { compileRoutes } from './route-set.ts'

/** A consumer group and the routes its workers serve. */
export interface Service {
  readonly name: string
  readonly version: string
  readonly routes: readonly Route[]
  /** Messages handled at a time, at each worker; undefined: as it is configured. */
  readonly concurrency: number | undefined
  /** The same service with a middleware around all its routes; the first added is the outermost. */
  use(middleware: Middleware): Service
}

export interface ServiceOptions {
  /** Shown to operators. Default 1. */
  version?: string
  /** Messages handled at a time, at each worker. Default: CAUSEWAY_CONCURRENCY. */
  concurrency?: number
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Declares a service: its topic is `causeway.<name>.requests`, its group `<name>`. Throws a TypeError on clashes of names or opcodes. */
export function service(name: string, routes: readonly Route[], options: ServiceOptions = {}): Service {
  if (!NAME.test(name)) throw new TypeError(`service name ${JSON.stringify(name)}: expected 1 to 64 of a-z, 0-9 and '-'`)
  if (routes.length === 0) throw new TypeError(`service ${name} has no routes`)
  compileRoutes(name, routes)
  const { version = '1', concurrency } = options
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1))
    throw new TypeError(`service ${name}: concurrency is ${concurrency}: expected a whole number from 1`)
  return wrapped({ name, version, concurrency }, routes, [])
}

function wrapped(
  about: Pick<Service, 'name' | 'version' | 'concurrency'>,
  routes: readonly Route[],
  chain: readonly Middleware[],
): Service {
  return {
    ...about,
    routes: routes.map(route => chain.reduceRight(around, route)),
    use: middleware => wrapped(about, routes, [...chain, middleware]),
  }
}

const around = (route: Route, added: Middleware): Route => {
  const middleware = [added, ...route.middleware]
  return { ...route, middleware, run: runOf(middleware, route.handler) }
}
