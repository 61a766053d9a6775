/**
 * All chance of a run comes from here and from one seed: sfc32 (PractRand, Chris Doty-Humphrey), which is small, fast and the same on
 * every machine. A run draws in one order only, so that equal seeds make equal runs.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = 0x9e3779b9
    this.#b = Math.floor(seed / 2 ** 32) | 0
    this.#c = seed | 0
    for (let i = 0; i < 15; i++) this.next()
  }

  /** From 0 to 1, 1 excluded. */
  next(): number {
    const t = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0
    return (t >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A number from `min` to `max`, both included where they are whole. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  /** Mostly near `min`, seldom near `max`: as delays are. */
  skewed(min: number, max: number): number {
    return min + this.next() ** 4 * (max - min)
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!
  }

  shuffle<T>(values: readonly T[]): T[] {
    const shuffled = [...values]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.whole(0, i)
      ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
    }
    return shuffled
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.alloc(size)
    for (let i = 0; i < size; i++) bytes[i] = this.whole(0, 255)
    return bytes
  }
}
