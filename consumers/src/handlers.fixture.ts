import type { Context } from './context.ts'
import { type Handler, type MessageOptions, message, type Route } from './route.ts'

/** A route whose handler is given; retried after exactly 100 ms, thrice in all. */
export function routeOf(handler: Handler<unknown>, options: MessageOptions<undefined> = {}, name = 'work'): Route {
  return message(name, { retry: { attempts: 3, min: 100, max: 100, jitter: 0 }, ...options }).handle(handler)
}

const nameOf = (ctx: Context): string => `${ctx.session}${ctx.msgId}`

/** Handlers that a test lets return one by one, each called by session and message number as `a1`. */
export class HeldHandlers {
  readonly started: string[] = []
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>()

  readonly handler: Handler<unknown> = (_input, ctx) => {
    const name = nameOf(ctx)
    this.started.push(name)
    const held = Promise.withResolvers<unknown>()
    this.#waiting.set(name, held)
    return held.promise
  }

  /** Those that have not returned. */
  get running(): string[] {
    return [...this.#waiting.keys()]
  }

  return(name: string, value: unknown = name): void {
    this.#take(name).resolve(value)
  }

  throw(name: string, error: unknown = new Error('broken')): void {
    this.#take(name).reject(error)
  }

  #take(name: string): PromiseWithResolvers<unknown> {
    const held = this.#waiting.get(name)
    if (held === undefined) throw new Error(`handler ${name} is not running, but ${this.running.join(' ') || 'none'}`)
    this.#waiting.delete(name)
    return held
  }
}

/** A synchronous handler that throws for the messages named, and says which it ran. */
export function pickyHandler(failing: Iterable<string> = []) {
  const fails = new Set(failing)
  const ran: string[] = []
  const handler: Handler<unknown> = (_input, ctx) => {
    ran.push(nameOf(ctx))
    if (fails.has(nameOf(ctx))) throw new Error('broken')
    return nameOf(ctx)
  }
  return { handler, ran, fails }
}
