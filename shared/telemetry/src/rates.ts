/** Samples kept for percentiles; a reservoir of the newest. */
const SAMPLES = 2_048

/** Events a second over the time since the last reading, and percentiles of the newest durations: figures for operators. */
export class Rate {
  #count = 0
  #last = 0
  #lastAt = performance.now()
  perSecond = 0

  add(count = 1): void {
    this.#count += count
  }

  get total(): number {
    return this.#count
  }

  /** Starts a new interval and tells the rate of the one that ends. */
  tick(): number {
    const now = performance.now()
    this.perSecond = ((this.#count - this.#last) * 1000) / Math.max(1, now - this.#lastAt)
    this.#last = this.#count
    this.#lastAt = now
    return this.perSecond
  }
}

/** The newest durations, ms. */
export class Durations {
  readonly #samples = new Float64Array(SAMPLES)
  #next = 0

  add(ms: number): void {
    this.#samples[this.#next++ % SAMPLES] = ms
  }

  /** `share` from 0 to 1; 0 where nothing was added. */
  percentile(share: number): number {
    const count = Math.min(this.#next, SAMPLES)
    if (count === 0) return 0
    const sorted = this.#samples.slice(0, count).sort()
    return sorted[Math.min(count - 1, Math.floor(count * share))]
  }
}
