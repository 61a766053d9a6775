import { ALIKE_LOG_MS } from '../limits.ts'

/** Lets one of alike lines through in ten seconds: what strangers can cause often fills no disk. */
export class Sparingly {
  readonly #told = new Map<string, { at: number; since: number }>()

  /** How many like it were held back since the last that was logged; undefined where this one is held back too. `now` is monotonic, ms. */
  due(kind: string, now = performance.now()): number | undefined {
    const told = this.#told.get(kind)
    if (told !== undefined && now - told.at < ALIKE_LOG_MS) {
      told.since++
      return undefined
    }
    this.#told.set(kind, { at: now, since: 0 })
    return told?.since ?? 0
  }
}
