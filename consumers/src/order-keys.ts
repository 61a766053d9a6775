import { createHash } from 'node:crypto'
import type { Logger } from '@causeway/telemetry'
import { decodedInput } from './execution.ts'
import type { Route } from './route.ts'
import type { StoredMessage } from './stored-message.ts'

/** Keys that stand in the name of a lane as they are; others by their digest. */
const PLAIN = /^[\w.:-]{1,32}$/

/** By which messages of routes with `order: { key }` are in order within their session. */
export class OrderKeys {
  readonly #maxPayload: number
  readonly #logger: Logger
  /** Routes whose key has thrown; told once each. */
  readonly #told = new Set<string>()

  constructor(maxPayload: number, logger: Logger) {
    this.#maxPayload = maxPayload
    this.#logger = logger
  }

  /** '' where the route gives none, or none can be had: such messages are in order among each other. */
  of(route: Route, message: StoredMessage): string {
    let input: unknown
    try {
      input = decodedInput(route, message, this.#maxPayload)
    } catch {
      // its handler is not run: it is answered BAD_PAYLOAD
      return ''
    }
    try {
      const key = route.orderKey!(input)
      if (key === undefined) return ''
      const text = String(key)
      return PLAIN.test(text) ? text : `=${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`
    } catch (error) {
      if (!this.#told.has(route.name)) {
        this.#told.add(route.name)
        this.#logger.warn(
          { route: route.name, error: (error as Error).message },
          'order.key threw; such messages are in order among each other',
        )
      }
      return ''
    }
  }
}
