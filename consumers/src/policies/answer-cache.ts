import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'

interface Kept {
  value: unknown
  until: number
}

/** Answers by key, for a while; one handler runs for all who ask for a key at a time. What fails is not kept, and all who waited fail with it. */
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

  async answer(key: string, _ctx: Context, handler: () => unknown): Promise<unknown> {
    const kept = this.#kept.get(key)
    if (kept !== undefined && kept.until > this.#clock.now()) {
      this.hits++
      return kept.value
    }
    const running = this.#flights.get(key)
    if (running !== undefined) {
      const value = await running
      // whoever shares a stream would find it read
      if (!isStream(value)) {
        this.hits++
        return value
      }
      return await handler()
    }
    const flight = Promise.resolve(handler())
    this.#flights.set(key, flight)
    try {
      const value = await flight
      if (!isStream(value)) this.#kept.set(key, { value, until: this.#clock.now() + this.#ttlMs })
      return value
    } finally {
      this.#flights.delete(key)
    }
  }
}

const isStream = (value: unknown): boolean => typeof value === 'object' && value !== null && Symbol.asyncIterator in value
