/** True: it takes the place that is free, or sees to the next one. */
type Room = () => boolean

/** A bulkhead: so many at a time. Who finds it full may leave a call behind, and is called when there is room. */
export class Gate {
  #limit: number
  #inside = 0
  readonly #waiting = new Set<Room>()
  readonly #returning = new Set<Room>()
  /** Those who come for the first time and those who come again are called in turn. */
  #returningNext = true

  constructor(limit: number) {
    this.#limit = limit
  }

  set limit(limit: number) {
    this.#limit = limit
    for (let called = Math.min(limit - this.#inside, this.waiting); called > 0; called--) this.callNext()
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#waiting.size + this.#returning.size
  }

  /** Of these, the ones that come again. */
  get returning(): number {
    return this.#returning.size
  }

  get isFull(): boolean {
    return this.#inside >= this.#limit
  }

  /** False where it is full. */
  enter(): boolean {
    if (this.isFull) return false
    this.#inside++
    return true
  }

  leave(): void {
    this.#inside--
    this.callNext()
  }

  /**
   * `room` is called once, when there is room; false: who waited has gone, and the next one is called. Who was called and does not enter calls the next. The caller bounds how many
   * wait. Returns what calls it off. `returning`: one that has waited before, and does not wait behind all that are new.
   */
  wait(room: Room, returning = false): () => void {
    const waiting = returning ? this.#returning : this.#waiting
    waiting.add(room)
    return () => void waiting.delete(room)
  }

  callNext(): void {
    while (!this.isFull) {
      const next = this.#take()
      if (next === undefined || next()) return
    }
  }

  #take(): Room | undefined {
    const [first, second] = this.#returningNext ? [this.#returning, this.#waiting] : [this.#waiting, this.#returning]
    const from = first.size > 0 ? first : second
    const [next] = from
    if (next !== undefined) from.delete(next)
    this.#returningNext = from !== this.#returning
    return next
  }
}
