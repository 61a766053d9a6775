import type { Logger } from '@causeway/telemetry'
import { retrying } from '../backend-retry.ts'

export interface TurnReadsOptions<Q, A> {
  /** For the log. */
  what: string
  /** Queries of one call. */
  most: number
  /** Answers in the order of the queries. */
  call: (queries: readonly Q[]) => Promise<readonly A[]>
  logger: Logger
}

interface Read<Q, A> {
  query: Q
  resolve: (answer: A) => void
  reject: (error: unknown) => void
}

/** Reads of one turn of the event loop go to the store together. While it is away they wait. What waits is bounded by the handlers that run. */
export class TurnReads<Q, A> {
  readonly #options: TurnReadsOptions<Q, A>
  #waiting: Read<Q, A>[] = []

  constructor(options: TurnReadsOptions<Q, A>) {
    this.#options = options
  }

  read(query: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ query, resolve, reject }) === 1) setImmediate(() => this.#send())
    })
  }

  #send(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const { most } = this.#options
    for (let from = 0; from < waiting.length; from += most) void this.#call(waiting.slice(from, from + most))
  }

  async #call(reads: readonly Read<Q, A>[]): Promise<void> {
    const { what, call, logger } = this.#options
    try {
      const answers = await retrying(what, logger, () => call(reads.map(({ query }) => query)))
      for (const [index, { resolve }] of reads.entries()) resolve(answers[index])
    } catch (error) {
      for (const { reject } of reads) reject(error)
    }
  }
}
