import type { Clock } from '../clock.ts'

interface Due {
  at: number
  call: () => void
}

interface Ticking extends Due {
  every: number
}

/** A clock that stands still until it is moved. */
export class TestClock implements Clock {
  #now: number
  readonly #due = new Set<Due>()
  readonly #ticking = new Set<Ticking>()

  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  every(ms: number, call: () => void): { close(): void } {
    const ticking = { at: this.#now + ms, every: ms, call }
    this.#ticking.add(ticking)
    return { close: () => this.#ticking.delete(ticking) }
  }

  /** Calls once that time has come. Returns what calls it off. */
  at(time: number, call: () => void): () => void {
    const due = { at: Math.max(time, this.#now), call }
    this.#due.add(due)
    return () => void this.#due.delete(due)
  }

  /** Unix ms of what is due next; undefined where nothing is. */
  get next(): number | undefined {
    return earliest(this.#due)
  }

  /** The same, with what ticks. */
  get nextTick(): number | undefined {
    return earliest([...this.#due, ...this.#ticking])
  }

  /** Moves on, and calls what is due by then. A clock doesn't go back. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time)
    for (const due of [...this.#due].sort((a, b) => a.at - b.at)) {
      if (due.at > this.#now || !this.#due.delete(due)) continue
      due.call()
    }
    for (const ticking of this.#ticking) {
      if (ticking.at > this.#now) continue
      ticking.at = this.#now + ticking.every
      ticking.call()
    }
  }
}

function earliest(those: Iterable<Due>): number | undefined {
  let least: number | undefined
  for (const { at } of those) if (least === undefined || at < least) least = at
  return least
}
