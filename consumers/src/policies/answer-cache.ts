import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { isStream } from './when-ended.ts'

interface Kept {
  value: unknown
  until: number
}

/** Who asks for others has been cancelled, or its time is over: that says nothing of the answer. */
const ABANDONED = Symbol('abandoned')

/**
 * Answers by key, for a while; one handler runs for all who ask for a key at a time. What fails is not kept, and all who waited fail with it; where only the time of
 * the one that asks is over, another one asks.
 */
export class AnswerCache {
  readonly #kept: LRUCache<string, Kept>
  readonly #flights = new Map<string, Promise<unknown>>()
  readonly #ttlMs: number
  readonly #clock: Clock
  hits = 0

  constructor({ ttlMs, entries }: { ttlMs: number; entries: number }, clock: Clock) {
    this.#kept = new LRUCache({ max: entries })
    this.#ttlMs = ttlMs
    this.#clock = clock
  }

  async answer(key: string, { signal }: Context, handler: () => unknown): Promise<unknown> {
    for (;;) {
      const kept = this.#kept.get(key)
      if (kept !== undefined && kept.until > this.#clock.now()) {
        this.hits++
        return kept.value
      }
      const flight = this.#flights.get(key)
      if (flight === undefined) return await this.#ask(key, signal, handler)
      const value = await flight
      signal.throwIfAborted()
      if (value === ABANDONED) continue
      // whoever shares a stream would find it read
      if (isStream(value)) return await handler()
      this.hits++
      return value
    }
  }

  async #ask(key: string, signal: AbortSignal, handler: () => unknown): Promise<unknown> {
    const asked = this.#keep(key, handler)
    const flight = unlessAborted(asked, signal)
      .catch(error => {
        if (signal.aborted) return ABANDONED
        throw error
      })
      .finally(() => this.#flights.delete(key))
    // nobody may wait for it
    flight.catch(() => undefined)
    this.#flights.set(key, flight)
    return await asked
  }

  async #keep(key: string, handler: () => unknown): Promise<unknown> {
    const value = await handler()
    if (!isStream(value)) this.#kept.set(key, { value, until: this.#clock.now() + this.#ttlMs })
    return value
  }
}
