import type { Logger } from '@causeway/telemetry'
import { BrokenCircuitError, type CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'
import { DeadLetter, Reject } from '../outcome-errors.ts'
import { Cancelled, WorkerStops } from '../signal-reasons.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { NotNow } from './not-now.ts'

/** While one message tries whether the breaker can close, others come again after so long, ms. */
const TRYING_MS = 100

/**
 * Keeps messages from a handler that fails: opened by failures in a row, closed by the first success of the one let through after a while. A handler's time-out is a failure;
 * a Reject or DeadLetter says something of the message and a cancelled message nothing at all, so these are none. Where the one let through is cancelled, the next one is.
 * A stream counts when it has begun.
 */
export class Breaker {
  readonly #policy: CircuitBreakerPolicy
  readonly #name: string
  readonly #clock: Clock
  /** Unix ms. */
  #openUntil = 0

  constructor(name: string, { failures, openForMs }: { failures: number; openForMs: number }, clock: Clock, logger: Logger) {
    this.#name = name
    this.#clock = clock
    const breaker = this
    // asked at every call: 0 once it is over by our clock
    const wait = {
      get duration() {
        return clock.now() >= breaker.#openUntil ? 0 : Number.POSITIVE_INFINITY
      },
      next: ({ result }: { result: unknown }) => {
        if (!isGivenUp(result)) breaker.#openUntil = clock.now() + openForMs
        return wait
      },
    }
    this.#policy = circuitBreaker(handleWhen(isFailure), { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: wait })
    this.#policy.onBreak(reason => {
      if (!isGivenUp(reason)) logger.warn({ route: name, openForMs }, 'breaker open: messages of this route wait')
    })
    this.#policy.onReset(() => logger.info({ route: name }, 'breaker closed'))
  }

  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed
  }

  /** Rejects as the handler does, or with NotNow where it is not let through. */
  async run(ctx: Context, handler: () => unknown): Promise<unknown> {
    try {
      return await this.#policy.execute(() => this.#letThrough(ctx, handler))
    } catch (error) {
      if (error instanceof GivenUp) throw error.cause
      if (!(error instanceof BrokenCircuitError)) throw error
      throw new NotNow(Math.max(TRYING_MS, this.#openUntil - this.#clock.now()), `the breaker of ${this.#name} is open`)
    }
  }

  async #letThrough({ signal }: Context, handler: () => unknown): Promise<unknown> {
    const isTrial = this.#policy.state === CircuitState.HalfOpen
    // its time was over while it waited for another's trial
    if (signal.aborted) throw new GivenUp(signal.reason, isTrial)
    try {
      return await unlessAborted(Promise.resolve(handler()), signal)
    } catch (error) {
      throw SAYING_NOTHING.some(kind => error instanceof kind) ? new GivenUp(error, isTrial) : error
    }
  }
}

/** A message that has ended without a word on its handler. */
class GivenUp extends Error {
  /** What does not count as a failure of a trial would close the breaker. */
  readonly isFailure: boolean

  constructor(cause: unknown, isTrial: boolean) {
    super('given up', { cause })
    this.isFailure = isTrial
  }
}

const SAYING_NOTHING = [NotNow, Cancelled, WorkerStops]

const isFailure = (error: unknown): boolean =>
  error instanceof GivenUp ? error.isFailure : !(error instanceof Reject || error instanceof DeadLetter)

/** Whether a trial was, of what the policy says it was opened by. */
const isGivenUp = (reason: unknown): boolean => (reason as { error?: unknown }).error instanceof GivenUp
