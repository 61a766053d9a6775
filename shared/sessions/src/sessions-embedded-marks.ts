/**
 * Which messages are finished: all up to `doneMark`, and some above it. Refused numbers leave holes between admitted
 * ones, so a finished message brings the number admitted before it (`prev`), and the mark moves along that chain.
 */
export class FinishedMarks {
  doneMark = 0
  /** msgId to prev. */
  readonly #above = new Map<number, number>()
  /** prev to msgId. */
  readonly #following = new Map<number, number>()

  /** How many are finished above the mark. */
  get above(): number {
    return this.#above.size
  }

  has(msgId: number): boolean {
    return msgId <= this.doneMark || this.#above.has(msgId)
  }

  finish(msgId: number, prev: number): void {
    if (prev > this.doneMark) {
      this.#above.set(msgId, prev)
      this.#following.set(prev, msgId)
      return
    }
    const isJump = prev < this.doneMark
    this.doneMark = Math.max(this.doneMark, msgId)
    if (isJump) this.#closeOvertaken()
    for (let next = this.#following.get(this.doneMark); next !== undefined; next = this.#following.get(this.doneMark)) {
      this.#remove(next, this.doneMark)
      this.doneMark = next
    }
  }

  /** A repeat may know the message before it better than the first finish did: after a resume the chain is only guessed. */
  closeGap(msgId: number, prev: number): void {
    const known = this.#above.get(msgId)
    if (known === undefined || prev >= known) return
    this.#remove(msgId, known)
    this.finish(msgId, prev)
  }

  entries(): IterableIterator<[msgId: number, prev: number]> {
    return this.#above.entries()
  }

  finishedAbove(): number[] {
    return [...this.#above.keys()].sort((a, b) => a - b)
  }

  /** A gateway that took over may name an older prev, and the mark then jumps: what it jumped over is part of the chain no more. */
  #closeOvertaken(): void {
    for (const [msgId, prev] of [...this.#above].sort(([, a], [, b]) => a - b)) {
      if (prev > this.doneMark) return
      this.#remove(msgId, prev)
      this.doneMark = Math.max(this.doneMark, msgId)
    }
  }

  #remove(msgId: number, prev: number): void {
    this.#above.delete(msgId)
    this.#following.delete(prev)
  }
}
