import type { RootDatabase } from 'lmdb'
import { Transaction } from './table.ts'

/** Puts its changes into the group's transaction. It must not wait, and a throw fails the whole group and the folder. */
export type Apply = (transaction: Transaction) => void
/** Called once the group is on disk, or with the reason why it isn't. */
export type Committed = (failure: Error | undefined) => void

/** Writes that may wait for the next group; adapters queue one a turn each, so that more means a loop that never yields. */
export const MAX_WAITING_WRITES = 100_000

interface Write {
  apply: Apply
  committed: Committed
}

/**
 * One fsync for all that a turn of the event loop writes. What is written while a group is in the air makes the next
 * group, and groups reach the disk one after the other in the order in which they were written. The next one leaves as soon as
 * the disk has this one, before its writers are told: the disk works while they do.
 *
 * A group that fails is fatal: adapters keep their state in memory and write it through, so memory would differ from
 * disk. Its writes and every later one are told the reason, and only opening the folder again helps.
 */
export class GroupCommit {
  readonly #environment: RootDatabase
  readonly #onFailure: (failure: Error) => void
  #waiting: Write[] = []
  /** While a group is scheduled or in the air. */
  #isBusy = false
  readonly #idle: (() => void)[] = []
  #failure: Error | undefined

  constructor(environment: RootDatabase, onFailure: (failure: Error) => void) {
    this.#environment = environment
    this.#onFailure = onFailure
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  write(apply: Apply, committed: Committed): void {
    if (this.#waiting.length >= MAX_WAITING_WRITES)
      this.fail(new Error(`more than ${MAX_WAITING_WRITES} writes wait for one group: the writer must yield`))
    this.#waiting.push({ apply, committed })
    this.#schedule()
  }

  /** Ends in failure: what waits and what comes is told so. */
  fail(failure: Error): void {
    if (this.#failure) return
    this.#failure = failure
    this.#onFailure(failure)
    this.#schedule()
  }

  /** Resolves when nothing is waiting or in the air, and all have been told. */
  async drain(): Promise<void> {
    while (this.#isBusy) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#isBusy || this.#waiting.length === 0) return
    this.#isBusy = true
    setImmediate(() => this.#commit())
  }

  #commit(): void {
    const group = this.#waiting
    this.#waiting = []
    void this.#write(this.#gather(group)).then(() => this.#land(group))
  }

  #write(transaction: Transaction | undefined): Promise<void> {
    if (!transaction || transaction.size === 0) return new Promise(setImmediate)
    return this.#environment
      .batch(() => transaction.execute())
      .then(
        () => {},
        error => this.#failByDisk(error),
      )
  }

  #gather(group: readonly Write[]): Transaction | undefined {
    if (this.#failure) return undefined
    const transaction = new Transaction()
    try {
      for (const { apply } of group) apply(transaction)
      return transaction
    } catch (error) {
      this.fail(
        new Error('a write could not be prepared, so that memory and disk may differ: open the data folder again', { cause: error }),
      )
      return undefined
    }
  }

  async #failByDisk(error: Error & { commitError?: Promise<never> }): Promise<void> {
    const reason = await Promise.resolve(error.commitError).then(
      () => error,
      (cause: Error) => cause,
    )
    this.fail(
      new Error(`a commit failed (${reason.message}): free the disk's space or mend it, and open the data folder again`, { cause: reason }),
    )
  }

  #land(group: readonly Write[]): void {
    this.#isBusy = this.#waiting.length > 0
    if (this.#isBusy) this.#commit()
    for (const { committed } of group) {
      try {
        committed(this.#failure)
      } catch (error) {
        // A listener's own fault: the others are told all the same, and it ends the process as an uncaught error does.
        process.nextTick(() => {
          throw error
        })
      }
    }
    this.#schedule()
    if (!this.#isBusy) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
