import type { Delivery, Listening, ServiceLoad, WakeHandlers } from './sessions.ts'

/** What one group has for the gateway of one session. */
export interface Wake {
  session: string
  gateway: string
  deliveries: readonly Delivery[]
  /** Messages finished without an answer. */
  finished: readonly number[]
}

/** Wake-ups within one process: straight calls after the commit, so none is ever lost. */
export class Wakes {
  readonly #listeners = new Map<string, Set<WakeHandlers>>()

  listen(gateway: string, handlers: WakeHandlers): Listening {
    const listeners = this.#listeners.get(gateway) ?? new Set()
    this.#listeners.set(gateway, listeners.add(handlers))
    return {
      close: async () => {
        listeners.delete(handlers)
        if (listeners.size === 0 && this.#listeners.get(gateway) === listeners) this.#listeners.delete(gateway)
      },
    }
  }

  /** Hands a group's deliveries over, then tells each gateway once to write. */
  wake(wakes: readonly Wake[]): void {
    const woken = new Set<WakeHandlers>()
    for (const { session, gateway, deliveries, finished } of wakes) {
      for (const handlers of this.#listeners.get(gateway) ?? []) {
        for (const { seq, frame } of deliveries) handlers.deliver(session, seq, frame)
        for (const msgId of finished) handlers.finished(session, msgId)
        woken.add(handlers)
      }
    }
    for (const handlers of woken) handlers.flush()
  }

  load(load: ServiceLoad): void {
    for (const listeners of this.#listeners.values()) for (const handlers of listeners) handlers.load(load)
  }

  replaced(gateway: string, session: string, epoch: number): void {
    for (const handlers of this.#listeners.get(gateway) ?? []) handlers.replaced(session, epoch)
  }
}
