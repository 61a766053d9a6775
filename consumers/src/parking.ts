import type { AttemptError, ParkAnswer, Retries, RetryMessage } from '@causeway/retries'
import type { Logger } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import type { Counters } from './counters.ts'
import type { Lane, LaneMessage } from './lane.ts'
import type { AttemptWish, MessageRunner } from './message-runner.ts'
import { toRetry } from './stored-message.ts'

export interface ParkingOptions {
  service: string
  worker: string
  retries: Retries
  runner: MessageRunner
  counters: Counters
  logger: Logger
}

/**
 * Step 7 as the dispatcher takes it: what failed becomes its session's head, what follows is parked behind it. What the store refuses to keep becomes a dead letter, so that its lane
 * goes on. Where another worker holds the partition by now, its lane stands still and the message is left to that one.
 */
export class Parking {
  readonly #options: ParkingOptions

  constructor(options: ParkingOptions) {
    this.#options = options
  }

  /** Schedules the next attempt of a message; then calls `advance`, with false where the lane is another worker's. */
  retryLater(lane: Lane, failed: LaneMessage, wish: NonNullable<AttemptWish>, ordered: boolean, advance: (goOn: boolean) => void): void {
    // a retry must not overtake the answers of the messages before it, which travel on another connection
    if (ordered && lane.unfinished > 0) {
      lane.settled = () => {
        lane.settled = undefined
        this.retryLater(lane, failed, wish, ordered, advance)
      }
      return
    }
    const { service, worker, retries, counters, logger } = this.#options
    const { errors, delayMs } = wish
    const retry = { ...retryOf(service, lane, failed), attempts: errors.length, errors }
    counters.retried++
    retrying('scheduling a retry', logger, () => retries.retry(retry, delayMs, ordered, { worker, partition: failed.partition }))
      .then(
        kept => {
          if (kept === 'lost') return this.#left(1)
          failed.entry.complete = true
          // the head may stand even where its job was refused
          lane.head = ordered
          return true
        },
        async error => {
          lane.head = ordered
          await this.#giveUp([failed], errors, error)
          return true
        },
      )
      .then(goOn => advance(goOn))
  }

  /** Offers everything that waits in the lane for parking behind the head, and puts back what is told to go; then calls `advance`, as above. */
  park(lane: Lane, advance: (goOn: boolean) => void): void {
    const { retries, service, worker, logger } = this.#options
    const waiting = lane.takeAll()
    const messages = waiting.map(each => retryOf(service, lane, each))
    retrying('parking', logger, () => retries.park(messages, { worker, partition: waiting[0].partition }))
      .then(
        answers => this.#parked(lane, waiting, answers),
        async error => {
          await this.#giveUp(waiting, [], error)
          return true
        },
      )
      .then(goOn => advance(goOn))
  }

  #parked(lane: Lane, waiting: readonly LaneMessage[], answers: readonly ParkAnswer[]): boolean {
    if (answers[0] === 'lost') {
      lane.putBack(waiting)
      return this.#left(waiting.length)
    }
    const going: LaneMessage[] = []
    for (let i = 0; i < waiting.length; i++) {
      if (answers[i] === 'go') going.push(waiting[i])
      else {
        this.#options.counters.parked++
        if (answers[i] === 'head') this.#reschedule(lane, waiting[i])
        else waiting[i].entry.complete = true
      }
    }
    if (going.length > 0) {
      lane.head = false
      lane.putBack(going)
    }
    return true
  }

  #left(messages: number): false {
    const { counters, logger } = this.#options
    counters.left += messages
    logger.warn({ messages }, 'another worker is said to hold this partition; its messages are left to it unless the group says otherwise')
    return false
  }

  /** The message is the head itself, read again: whoever set it may have died before its job was there. The sweep for such heads makes up for a refusal. */
  #reschedule(lane: Lane, laneMessage: LaneMessage): void {
    const { entry, partition } = laneMessage
    const { retries, service, worker, logger } = this.#options
    const error = { at: Date.now(), worker: '', error: 'its first attempt failed at a worker that is gone', attempt: 1 }
    const retry = { ...retryOf(service, lane, laneMessage), attempts: 1, errors: [error] }
    retrying('scheduling a head again', logger, () => retries.retry(retry, 0, true, { worker, partition }))
      .catch(refusal => this.#refused(refusal, 1))
      .then(() => {
        entry.complete = true
      })
  }

  async #giveUp(given: readonly LaneMessage[], errors: readonly AttemptError[], refusal: Error): Promise<void> {
    this.#refused(refusal, given.length)
    for (const { message, entry } of given) {
      await this.#options.runner.giveUp(message, errors, `the retry store could not take it: ${refusal.message}`, () => {
        entry.complete = true
      })
    }
  }

  #refused(refusal: Error, messages: number): void {
    this.#options.counters.refusedCalls++
    this.#options.logger.error({ error: refusal.message, messages }, 'the retry store refuses messages of a session')
  }
}

function retryOf(service: string, lane: Lane, { message }: LaneMessage): RetryMessage {
  const retry = toRetry(service, message)
  return lane.id === lane.session ? retry : { ...retry, lane: lane.id }
}
