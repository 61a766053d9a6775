import type { Lane } from './lane.ts'

/** The lanes of one assignment that have something to do, first come first served, and those at work: at most `concurrency`. */
export class ReadyLanes {
  readonly #concurrency: () => number
  #lanes: Lane[] = []
  #first = 0
  #busy = 0
  #quiet: (() => void) | undefined

  /** `concurrency` is asked each time: it may change. */
  constructor(concurrency: () => number) {
    this.#concurrency = concurrency
  }

  /** Lanes that wait for their turn. */
  get size(): number {
    return this.#lanes.length - this.#first
  }

  add(lane: Lane): void {
    lane.ready = true
    this.#lanes.push(lane)
  }

  /** The next lane, at work from now on; undefined where there is none, or no room. */
  begin(): Lane | undefined {
    if (this.size === 0 || this.#busy >= this.#concurrency()) return undefined
    const lane = this.#lanes[this.#first++]
    if (this.#first === this.#lanes.length) {
      this.#lanes = []
      this.#first = 0
    }
    lane.ready = false
    lane.busy = true
    this.#busy++
    return lane
  }

  /** It has given up its place. */
  end(lane: Lane): void {
    lane.busy = false
    this.#busy--
    if (this.#busy === 0) this.#quiet?.()
  }

  /** Resolves when no lane is at work, or abandon() is called. */
  async quiet(): Promise<void> {
    if (this.#busy === 0) return
    await new Promise<void>(resolve => {
      this.#quiet = resolve
    })
  }

  /** What is at work ends unseen. */
  abandon(): void {
    this.#quiet?.()
  }
}
