/** Median of a list that is not empty; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export interface Spread {
  median: number
  min: number
  max: number
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
})

/** Relative width of a bucket. */
const STEP = 1.01
const LOG_STEP = Math.log(STEP)
/** Shortest time told apart, ms. */
const LEAST_MS = 0.01
/** Up to 0.01 ms x 1.01^1600, about 82 s. */
const BUCKETS = 1_600

/** Times in buckets 1 % wide: of constant size, however many are added. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0

  add(ms: number): void {
    const bucket = ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / LOG_STEP))
    this.#counts[bucket]++
    this.#total++
  }

  /** What it holds, by bucket, for `addCounts` of another. */
  counts(): [bucket: number, count: number][] {
    return [...this.#counts.entries()].filter(([, count]) => count > 0)
  }

  addCounts(counts: readonly (readonly [bucket: number, count: number])[]): void {
    for (const [bucket, count] of counts) {
      this.#counts[bucket] += count
      this.#total += count
    }
  }

  /** ms that a share (0 to 1) of the times did not exceed, at most 1 % too high; 0 where none was added. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]
      if (seen >= rank && this.#total > 0) return LEAST_MS * STEP ** bucket
    }
    return 0
  }
}
