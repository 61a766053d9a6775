import { type Middleware, type Route, runOf } from './route.ts'
import { compileRoutes } from './route-set.ts'

/** A consumer group and the routes its workers serve. */
export interface Service {
  readonly name: string
  readonly version: string
  readonly routes: readonly Route[]
  /** The same service with a middleware around all its routes; the first added is the outermost. */
  use(middleware: Middleware): Service
}

export interface ServiceOptions {
  /** Shown to operators. Default 1. */
  version?: string
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Declares a service: its topic is `causeway.<name>.requests`, its group `<name>`. Throws a TypeError on clashes of names or opcodes. */
export function service(name: string, routes: readonly Route[], options: ServiceOptions = {}): Service {
  if (!NAME.test(name)) throw new TypeError(`service name ${JSON.stringify(name)}: expected 1 to 64 of a-z, 0-9 and '-'`)
  if (routes.length === 0) throw new TypeError(`service ${name} has no routes`)
  compileRoutes(name, routes)
  return wrapped({ name, version: options.version ?? '1' }, routes, [])
}

function wrapped(about: Pick<Service, 'name' | 'version'>, routes: readonly Route[], chain: readonly Middleware[]): Service {
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
