import type { AttemptError, DeadLetter as Letter } from '@causeway/retries'
import type { FinishBatcher, FinishFinal, FinishResult, Outcome } from '@causeway/sessions'
import { errorFrame, finalEntry } from './answers.ts'
import type { Clock } from './clock.ts'
import type { Counters } from './counters.ts'
import type { DeadLetters } from './dead-letters.ts'
import { type StoredMessage, toRetry } from './stored-message.ts'

/** Called with the result of the finish; the same call serves the dispatcher and the retries. */
export type Finished = (result: FinishResult) => void
export type Unpark = FinishFinal['unpark']

/** A message on its way to its end, and who is told. */
export interface Ending {
  message: StoredMessage
  unpark: Unpark
  finished: Finished
}

export interface MessageEndsOptions {
  service: string
  finisher: FinishBatcher
  deadLetters: Pick<DeadLetters, 'bury'>
  counters: Counters
  clock: Clock
}

/** The ends that a message may come to, each by the finish script: one of them stands. */
export class MessageEnds {
  readonly #options: MessageEndsOptions

  constructor(options: MessageEndsOptions) {
    this.#options = options
  }

  /** Makes it a dead letter, then ends it. */
  async bury(ending: Ending, errors: readonly AttemptError[], reason: string): Promise<undefined> {
    const { deadLetters, counters } = this.#options
    const { message } = ending
    await deadLetters.bury(this.#letter(message, errors, reason))
    counters.dead++
    const last = errors.at(-1)?.error ?? reason
    this.final(ending, 'deadLettered', errorFrame(message, 'DEAD_LETTERED', `${reason}: ${last}`))
    return undefined
  }

  /** `finished` is called once its finish has returned. */
  final(ending: Ending, outcome: Outcome, frame: Uint8Array | undefined): void {
    const entry = finalEntry(ending.message, outcome, frame)
    if (ending.unpark !== undefined) entry.unpark = ending.unpark
    this.#options.finisher.add(entry, result => this.ended(ending, entry.outcome, result))
  }

  /** For whoever has given its finish to the store: what that said. */
  ended(ending: Ending, outcome: Outcome, result: FinishResult): void {
    this.#options.counters.finished(outcome, result)
    // a dead letter is where an operator sees it already
    if (result.status === 'failed' && outcome !== 'deadLettered') void this.unfinishable(ending)
    else ending.finished(result)
  }

  /** The store can't finish for this session (its log says why): the message goes where an operator sees it, and holds up nothing. */
  async unfinishable(ending: Ending): Promise<void> {
    await this.bury(ending, [], 'the session store could not take its result')
  }

  #letter(message: StoredMessage, errors: readonly AttemptError[], reason: string): Letter {
    return {
      ...toRetry(this.#options.service, message),
      attempts: errors.length,
      errors: [...errors],
      deadAt: this.#options.clock.now(),
      reason,
    }
  }
}
