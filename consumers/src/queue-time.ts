import { QUEUE_TIME_MS } from './limits.ts'

/**
 * How long messages wait between their append and their handler: the least of the last moments, for a single slow one says nothing, and
 * where even the luckiest waits, all do.
 */
export class QueueTime {
  #least = Number.POSITIVE_INFINITY
  #before = Number.POSITIVE_INFINITY
  #since = 0

  /** All in ms; `now` and `from` by the same kind of clock as the log's. */
  add(from: number, now: number): void {
    this.#turn(now)
    const waited = Math.max(0, now - from)
    if (waited < this.#least) this.#least = waited
  }

  /** ms; undefined where nothing was handled in the last moments. */
  read(now: number): number | undefined {
    this.#turn(now)
    const least = Math.min(this.#least, this.#before)
    return least === Number.POSITIVE_INFINITY ? undefined : least
  }

  #turn(now: number): void {
    const passed = now - this.#since
    if (passed < QUEUE_TIME_MS) return
    this.#before = passed < 2 * QUEUE_TIME_MS ? this.#least : Number.POSITIVE_INFINITY
    this.#least = Number.POSITIVE_INFINITY
    this.#since = now
  }
}
