import { RATED_PRINCIPALS } from './limits.ts'

/** What is allowed beyond an even pace: the messages of this time in one burst, ms. */
const BURST_MS = 1_000

/** So many messages a second of each principal at this gateway: the generic cell rate algorithm (ITU-T I.371), which keeps one number for each. */
export class PrincipalRates {
  /** Messages a second; 0: no bound. */
  readonly #limit: () => number
  /** When the principal's bucket will be empty again, Unix ms. */
  readonly #fullUntil = new Map<string, number>()

  constructor(limit: () => number) {
    this.#limit = limit
  }

  get principals(): number {
    return this.#fullUntil.size
  }

  /** ms until there is room for one more; undefined where there is. */
  wait(principal: string, now: number): number | undefined {
    const limit = this.#limit()
    if (limit === 0) return undefined
    const wait = (this.#fullUntil.get(principal) ?? 0) + this.#interval(limit) - BURST_MS - now
    return wait > 0 ? Math.ceil(wait) : undefined
  }

  /** One more was admitted. */
  take(principal: string, now: number): void {
    const limit = this.#limit()
    if (limit === 0) {
      if (this.#fullUntil.size > 0) this.#fullUntil.clear()
      return
    }
    const fullUntil = this.#fullUntil.get(principal)
    if (fullUntil === undefined && this.#fullUntil.size >= RATED_PRINCIPALS) this.#fullUntil.delete(this.#fullUntil.keys().next().value!)
    this.#fullUntil.set(principal, Math.max(fullUntil ?? 0, now) + this.#interval(limit))
  }

  /** A message alone has always room. */
  #interval(limit: number): number {
    return Math.min(1_000 / limit, BURST_MS)
  }
}
