/** What stands and waits of one lane for one service. */
export class ParkedLane {
  readonly bucket: number
  /** msgId of the failing message that has a job; 0 where the next parked message is the head. */
  head = 0
  /** The present runner's; undefined before the first. */
  token: string | undefined
  /** Ascending. A window's worth at most, so that shifting is cheap. */
  readonly #msgIds: number[] = []

  constructor(bucket: number) {
    this.bucket = bucket
  }

  get parked(): number {
    return this.#msgIds.length
  }

  get lowest(): number | undefined {
    return this.#msgIds[0]
  }

  /** Whether it was new. */
  add(msgId: number): boolean {
    const at = this.#place(msgId)
    if (this.#msgIds[at] === msgId) return false
    this.#msgIds.splice(at, 0, msgId)
    return true
  }

  /** Whether it was there. */
  remove(msgId: number): boolean {
    const at = this.#place(msgId)
    if (this.#msgIds[at] !== msgId) return false
    this.#msgIds.splice(at, 1)
    return true
  }

  #place(msgId: number): number {
    let [low, high] = [0, this.#msgIds.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#msgIds[middle]! < msgId) low = middle + 1
      else high = middle
    }
    return low
  }
}
