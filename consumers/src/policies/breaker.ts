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
 * a Reject or DeadLetter says something of the message and a cancelled message nothing at all, so these are none. A stream counts when it has begun.
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
      next: () => {
        breaker.#openUntil = clock.now() + openForMs
        return wait
      },
    }
    this.#policy = circuitBreaker(handleWhen(isFailure), { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: wait })
    this.#policy.onBreak(() => logger.warn({ route: name, openForMs }, 'breaker open: messages of this route wait'))
    this.#policy.onReset(() => logger.info({ route: name }, 'breaker closed'))
  }

  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed
  }

  /** Rejects as the handler does, or with NotNow where it is not let through. */
  async run(ctx: Context, handler: () => unknown): Promise<unknown> {
    try {
      return await this.#policy.execute(() => unlessAborted(Promise.resolve(handler()), ctx.signal))
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      throw new NotNow(Math.max(TRYING_MS, this.#openUntil - this.#clock.now()), `the breaker of ${this.#name} is open`)
    }
  }
}

const NO_FAILURES = [Reject, DeadLetter, NotNow, Cancelled, WorkerStops]

const isFailure = (error: unknown): boolean => !NO_FAILURES.some(kind => error instanceof kind)
