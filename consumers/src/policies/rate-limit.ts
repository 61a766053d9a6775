import type { Clock } from '../clock.ts'
import { NotNow } from './not-now.ts'

/** So many messages in a time, evenly or in one burst: the generic cell rate algorithm (ITU-T I.371), which keeps one number. */
export class RateLimit {
  readonly #name: string
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #burstMs: number
  /** When the bucket will be empty again, Unix ms. */
  #fullUntil = 0

  constructor(name: string, { limit, perMs }: { limit: number; perMs: number }, clock: Clock) {
    this.#name = name
    this.#clock = clock
    this.#intervalMs = perMs / limit
    this.#burstMs = perMs - this.#intervalMs
  }

  /** Throws NotNow where there is no room. Who has to wait is spread over an interval, so that not all come back at once. */
  take(): void {
    const now = this.#clock.now()
    const from = Math.max(this.#fullUntil, now)
    const waitMs = from - this.#burstMs - now
    if (waitMs > 0) throw new NotNow(Math.ceil(waitMs + Math.random() * this.#intervalMs), `the rate of ${this.#name} is used up`)
    this.#fullUntil = from + this.#intervalMs
  }
}
