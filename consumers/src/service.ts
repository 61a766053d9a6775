import { STABLE, TRACK_NAME } from '@causeway/registry'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ConfigListener } from './central/service-config.ts'
import { asFunction, asObject } from './policies/options.ts'
import { type Middleware, type Route, runOf } from './route.ts'
import { compileRoutes } from './route-set.ts'
import { refuseUnknown, unknownOptions } from './unknown-options.ts'

/** A consumer group and the routes its workers serve. */
export interface Service {
  readonly name: string
  readonly version: string
  /** Side by side with other versions: `stable`, or another. */
  readonly track: string
  readonly routes: readonly Route[]
  /** What it does about session events. */
  readonly events: readonly Route[]
  /** Messages handled at a time, at each worker; undefined: as it is configured. */
  readonly concurrency: number | undefined
  /** What its own keys of the central configuration have to look like; a value that it refuses is never used. */
  readonly config: StandardSchemaV1 | undefined
  readonly configListeners: readonly { key: string; listener: ConfigListener }[]
  /** The same service with a listener that hears when one of its own keys has changed, in each worker. */
  onConfig(key: string, listener: ConfigListener): Service
  /** The same service with a middleware around all its routes; the first added is the outermost. */
  use(middleware: Middleware): Service
}

export interface ServiceOptions {
  /** Shown to operators. Default 1. */
  version?: string
  /** A version of its own beside `stable` (default), for a share of the sessions: none until somebody gives it one. */
  track?: string
  /** Messages handled at a time, at each worker. Default: CAUSEWAY_CONCURRENCY. */
  concurrency?: number
  /** Any Standard Schema of an object: the service's own keys, for `ctx.config`. */
  config?: StandardSchemaV1
}

const SERVICE_OPTIONS = { version: true, track: true, concurrency: true, config: true } satisfies Record<keyof ServiceOptions, true>
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Declares a service: its topic is `causeway.<name>.requests`, its group `<name>`. Throws a TypeError on clashes of names or opcodes, and on options that there are not. */
export function service(name: string, routes: readonly Route[], options: ServiceOptions = {}): Service {
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError(`service name ${JSON.stringify(name)}: expected 1 to 64 of a-z, 0-9 and '-'`)
  checkRoutes(name, routes)
  asObject(options, `service ${name}: what follows its routes`)
  refuseUnknown(unknownOptions(options, SERVICE_OPTIONS), `service ${name}`)
  for (const { name: route, event, unknown = [] } of routes)
    refuseUnknown(unknown, `service ${name}: ${event === true ? 'event' : 'route'} ${route}`)
  if (routes.length === 0) throw new TypeError(`service ${name} has no routes`)
  compileRoutes(name, routes)
  const { version = '1', track = STABLE, concurrency, config } = options
  if (!TRACK_NAME.test(track)) throw new TypeError(`service ${name}: track ${JSON.stringify(track)}: expected 1 to 32 of a-z, 0-9 and '-'`)
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1))
    throw new TypeError(`service ${name}: concurrency is ${concurrency}: expected a whole number from 1`)
  return wrapped({ name, version, track, concurrency, config, configListeners: [] }, routes, [])
}

function checkRoutes(name: string, routes: readonly Route[]): void {
  if (!Array.isArray(routes)) throw new TypeError(`service ${name}: its routes are no list: expected [message(name).handle(handler), …]`)
  for (const [index, route] of routes.entries())
    if (typeof (route as Partial<Route> | null | undefined)?.run !== 'function')
      throw new TypeError(`service ${name}: routes[${index}] is no route: expected message(name).handle(handler)`)
}

function wrapped(
  about: Omit<Service, 'routes' | 'events' | 'use' | 'onConfig'>,
  routes: readonly Route[],
  chain: readonly Middleware[],
): Service {
  const wrapAll = (some: readonly Route[]): Route[] => some.map(route => chain.reduceRight(around, route))
  return {
    ...about,
    routes: wrapAll(routes.filter(route => route.event === undefined)),
    events: wrapAll(routes.filter(route => route.event === true)),
    onConfig(key, listener) {
      asFunction(listener, `service ${about.name}: its listener of ${JSON.stringify(key)}`)
      return wrapped({ ...about, configListeners: [...about.configListeners, { key, listener }] }, routes, chain)
    },
    use(middleware) {
      asFunction(middleware, `service ${about.name}: its middleware`)
      return wrapped(about, routes, [...chain, middleware])
    },
  }
}

const around = (route: Route, added: Middleware): Route => {
  const middleware = [added, ...route.middleware]
  return { ...route, middleware, run: runOf(middleware, route.handler) }
}
