import type { RetryMessage, RetryRunner, RunnerLease, RunOutcome } from '@causeway/retries'
import type { FinishResult, Sessions } from '@causeway/sessions'
import type { MessageRunner } from './message-runner.ts'
import { fromRetry } from './stored-message.ts'

/** Runs messages that come out of the retries: due heads, and what was parked behind them. */
export class RetryRuns implements RetryRunner {
  readonly #service: string
  readonly #runner: MessageRunner
  readonly #sessions: Sessions

  constructor(service: string, runner: MessageRunner, sessions: Sessions) {
    this.#service = service
    this.#runner = runner
    this.#sessions = sessions
  }

  async run(retry: RetryMessage, lease: RunnerLease | undefined): Promise<RunOutcome> {
    const message = fromRetry(retry)
    const lane = retry.lane === undefined ? {} : { lane: retry.lane }
    const unpark = lease === undefined ? undefined : { service: this.#service, token: lease.token, ...lane }
    const { session, bucket, header } = message
    const [mark] = await this.#sessions.marks([{ session, bucket, incarnation: header.incarnation, msgId: header.msgId }])
    const { promise, resolve } = Promise.withResolvers<FinishResult>()
    if (mark === 'finished') this.#runner.unparkOnly(message, unpark, resolve)
    else {
      const wish = await this.#runner.run(message, retry.attempts + 1, retry.errors, unpark, resolve)
      if (wish !== undefined)
        return {
          kind: 'retry',
          delayMs: wish.delayMs,
          message: { ...retry, attempts: retry.attempts + (wish.counts ? 1 : 0), errors: wish.errors },
        }
    }
    const { parked } = await promise
    return { kind: 'finished', parked }
  }
}
