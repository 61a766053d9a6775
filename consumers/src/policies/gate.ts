/** A bulkhead: so many at a time. Who finds it full may leave a call behind, and is called when there is room. */
export class Gate {
  #limit: number
  #inside = 0
  readonly #waiting: (() => boolean)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  set limit(limit: number) {
    this.#limit = limit
    for (let called = Math.min(limit - this.#inside, this.#waiting.length); called > 0; called--) this.callNext()
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#waiting.length
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

  /** `room` is called when there is room; false: who waited has gone, and the next one is called. Who was called and does not enter calls the next. The caller bounds how many wait. */
  wait(room: () => boolean): void {
    this.#waiting.push(room)
  }

  callNext(): void {
    while (!this.isFull) {
      const next = this.#waiting.shift()
      if (next === undefined || next()) return
    }
  }
}
