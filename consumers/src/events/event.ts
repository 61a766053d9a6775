import type { Context } from '../context.ts'
import { asObject } from '../policies/options.ts'
import type { RetryOptions } from '../retry-policy.ts'
import { type Handler, type Middleware, message, type Route, withUnknown } from '../route.ts'
import { unknownOptions } from '../unknown-options.ts'

export const SESSION_EVENTS = ['session.opened', 'session.resumed', 'session.closed'] as const
export type SessionEventName = (typeof SESSION_EVENTS)[number]

/** What happened to a client's session. */
export interface SessionEvent {
  event: SessionEventName
  session: string
  /** Whose it is; '' where clients need no token. */
  principal: string
  /** Which gateway tells it. */
  gateway: string
  /** Unix ms. */
  at: number
  /** Rises with each connection of the session, from 1; at its end that of the last one. */
  epoch: number
  /** Of `session.closed`: `expired`, nobody resumed it in time; `operator`, ended by hand. */
  reason?: 'expired' | 'operator'
}

export interface EventOptions {
  /** Of the handler. ms or '5s'. Default 60 s. */
  timeout?: number | string
  /** The session's later events wait meanwhile, and those of nobody else. */
  retry?: RetryOptions
}

const EVENT_OPTIONS = { timeout: true, retry: true } satisfies Record<keyof EventOptions, true>

export interface EventBuilder {
  /** Wraps the handler; the first added is the outermost. */
  use(middleware: Middleware): EventBuilder
  handle(handler: (event: SessionEvent, ctx: Context) => unknown): Route
}

/**
 * Declares what a service does when clients' sessions are opened, resumed or closed: at least once for each, in order for each session. `ctx.key` is the same
 * whenever the same event comes again. Throws a TypeError where there is no such event.
 */
export function event(name: SessionEventName, options: EventOptions = {}): EventBuilder {
  if (!SESSION_EVENTS.includes(name)) throw new TypeError(`event ${JSON.stringify(name)}: expected one of ${SESSION_EVENTS.join(', ')}`)
  asObject(options, `event ${name}: what follows its name`)
  const unknown = unknownOptions(options, EVENT_OPTIONS)
  const build = (route: ReturnType<typeof message>): EventBuilder => ({
    use: middleware => build(route.use(middleware)),
    handle(handler) {
      const made = route.handle(handler as Handler<unknown>)
      return { ...made, event: true, ...withUnknown(unknown, made) }
    },
  })
  const { timeout, retry } = options
  return build(message(name, { timeout, retry, oneWay: true }))
}
