import { PartClock, type PartRun } from './part-run.ts'

/** Counts up to `total`. Its first quarter is a warm-up; what is measured begins with the next one counted. */
export class DispatchProgress {
  readonly #name: string
  readonly #total: number
  readonly #over = Promise.withResolvers<PartRun>()
  #counted = 0
  #from = 0
  #clock: PartClock | undefined

  /** `name` of its process. */
  constructor(name: string, total: number) {
    this.#name = name
    this.#total = total
  }

  /** Of those after the warm-up; resolves when all have been counted. */
  get over(): Promise<PartRun> {
    return this.#over.promise
  }

  count(more: number): void {
    this.#counted += more
    if (this.#counted > this.#total) this.fail(new Error(`${this.#counted} of ${this.#total} came: expected each once`))
    else if (this.#clock === undefined) this.#begin()
    else if (this.#counted === this.#total) this.#over.resolve(this.#clock.over(this.#counted - this.#from))
  }

  fail(error: Error): void {
    this.#over.reject(error)
  }

  #begin(): void {
    if (this.#counted < this.#total / 4) return
    this.#from = this.#counted
    this.#clock = new PartClock(this.#name)
  }
}
