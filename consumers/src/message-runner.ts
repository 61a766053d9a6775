import { randomBytes } from 'node:crypto'
import { bucketOf, encodeFrame, FrameType } from '@causeway/protocol'
import type { AttemptError, DeadLetter as Letter } from '@causeway/retries'
import type { FinishBatcher, FinishFinal, FinishResult, Outcome } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { errorFrame, finalEntry, responseFrame } from './answers.ts'
import { Context } from './context.ts'
import type { Counters } from './counters.ts'
import type { DeadLetters } from './dead-letters.ts'
import { type AttemptOutcome, attempt, encodeValue } from './execution.ts'
import { ERROR_TEXT } from './limits.ts'
import { DeadLetter } from './outcome-errors.ts'
import { backoffMs } from './retry-policy.ts'
import type { Route } from './route.ts'
import type { Running } from './running.ts'
import { type StoredMessage, toRetry } from './stored-message.ts'
import { writeStream } from './stream.ts'

export interface MessageRunnerOptions {
  worker: string
  service: string
  routes: ReadonlyMap<string, Route>
  finisher: FinishBatcher
  deadLetters: DeadLetters
  running: Running
  counters: Counters
  logger: Logger
}

/** Called with the result of the finish; the same call serves the dispatcher and the retries. */
export type Finished = (result: FinishResult) => void
type Unpark = FinishFinal['unpark']

/** Runs one attempt of one message and finishes what it decided (step 5), for the dispatcher and for the retries alike. */
export class MessageRunner {
  readonly #options: MessageRunnerOptions

  constructor(options: MessageRunnerOptions) {
    this.#options = options
  }

  /**
   * Runs attempt `number`. `finished` is called once the message's finish has returned; where another attempt is wanted the error comes
   * back instead. Synchronous where the handler is.
   */
  run(
    message: StoredMessage,
    number: number,
    errors: readonly AttemptError[],
    unpark: Unpark,
    finished: Finished,
  ): AttemptWish | Promise<AttemptWish> {
    const { routes, counters, running } = this.#options
    const route = routes.get(message.header.route)
    const deadline = message.header.deadline === 0 ? Number.POSITIVE_INFINITY : message.header.deadline
    const now = Date.now()
    if (now >= deadline) {
      this.#final(message, 'timedOut', errorFrame(message, 'TIMEOUT', 'its deadline passed before a worker had it'), unpark, finished)
      return undefined
    }
    const context = new Context({ message, attempt: number, deadline, logger: this.#options.logger, push: this.#push })
    if (route === undefined)
      return this.#decide(unknownRoute(message, this.#options.service), undefined, message, context, number, errors, unpark, finished)
    counters.handled.add()
    const outcome = attempt(route, message, context)
    if (!(outcome instanceof Promise)) return this.#decide(outcome, route, message, context, number, errors, unpark, finished)
    const from = performance.now()
    const ended = running.watch(context, Math.min(deadline, now + route.timeoutMs), outcome)
    return ended.then(late => {
      if ((message.header.msgId & 15) === 1) counters.handling.add(performance.now() - from)
      return this.#decide(late, route, message, context, number, errors, unpark, finished)
    })
  }

  #decide(
    outcome: AttemptOutcome,
    route: Route | undefined,
    message: StoredMessage,
    context: Context,
    number: number,
    errors: readonly AttemptError[],
    unpark: Unpark,
    finished: Finished,
  ): AttemptWish | Promise<AttemptWish> {
    switch (outcome.kind) {
      case 'answer':
        this.#pushOwn(message, context)
        this.#final(message, 'answered', responseFrame(message, outcome.payload, outcome.codec), unpark, finished)
        return undefined
      case 'stream':
        return this.#stream(message, context, outcome.values, unpark, finished)
      case 'rejected':
        this.#final(message, 'rejected', errorFrame(message, 'REJECTED', outcome.detail), unpark, finished)
        return undefined
      case 'badPayload':
        this.#final(message, 'rejected', errorFrame(message, 'BAD_PAYLOAD', outcome.detail), unpark, finished)
        return undefined
      case 'deadLetter':
        return this.#bury(message, [...errors, this.#error(outcome.error, number)], outcome.error.message, unpark, finished)
      case 'failed': {
        const all = [...errors, this.#error(outcome.error, number)]
        const policy = route?.retry ?? { attempts: 5, minMs: 1_000, maxMs: 30_000, jitter: 0.5 }
        if (number >= policy.attempts) return this.#bury(message, all, `${number} attempts failed`, unpark, finished)
        return { errors: all, delayMs: outcome.delayMs ?? backoffMs(policy, number, Math.random()) }
      }
    }
  }

  async #stream(
    message: StoredMessage,
    ctx: Context,
    values: AsyncIterable<unknown>,
    unpark: Unpark,
    finished: Finished,
  ): Promise<undefined> {
    const { finisher, counters } = this.#options
    this.#pushOwn(message, ctx)
    const result = await writeStream({ message, ctx, finisher, run: randomBytes(6).toString('base64url') }, values)
    counters.finished('answered', result)
    if (unpark === undefined) finished(result)
    else this.#final(message, 'answered', undefined, unpark, finished)
    return undefined
  }

  async #bury(message: StoredMessage, errors: AttemptError[], reason: string, unpark: Unpark, finished: Finished): Promise<undefined> {
    const { deadLetters, counters } = this.#options
    await deadLetters.bury(this.#letter(message, errors, reason))
    counters.dead++
    const last = errors.at(-1)?.error ?? reason
    this.#final(message, 'deadLettered', errorFrame(message, 'DEAD_LETTERED', `${reason}: ${last}`), unpark, finished)
    return undefined
  }

  /** Ends a message without running it: it was finished before, and only its parked copy has to go. */
  unparkOnly(message: StoredMessage, unpark: Unpark, finished: Finished): void {
    this.#final(message, 'answered', undefined, unpark, finished)
  }

  #final(message: StoredMessage, outcome: Outcome, frame: Uint8Array | undefined, unpark: Unpark, finished: Finished): void {
    const entry = finalEntry(message, outcome, frame)
    if (unpark !== undefined) entry.unpark = unpark
    this.#options.finisher.add(entry, result => {
      this.#options.counters.finished(entry.outcome, result)
      if (result.status === 'failed') void this.#unfinishable(message, finished)
      else finished(result)
    })
  }

  /** The store can't finish for this session (its log says why): the message goes where an operator sees it, and holds up nothing. */
  async #unfinishable(message: StoredMessage, finished: Finished): Promise<void> {
    const reason = 'the session store could not take its result'
    await this.#options.deadLetters.bury(this.#letter(message, [], reason))
    finished({ status: 'failed' })
  }

  #letter(message: StoredMessage, errors: AttemptError[], reason: string): Letter {
    return { ...toRetry(this.#options.service, message), attempts: errors.length, errors, deadAt: Date.now(), reason }
  }

  #pushOwn(message: StoredMessage, context: Context): void {
    if (context.ownPushes.length === 0) return
    const { session, bucket, header } = message
    for (const frame of context.ownPushes) {
      this.#options.finisher.add({ kind: 'push', session, bucket, incarnation: header.incarnation, frame }, () => {})
    }
  }

  readonly #push = (ctx: Context, target: string, payload: unknown): Promise<void> => {
    const frame = encodeFrame({ type: FrameType.PUSH, ...encodeValue(payload) })
    if (target === ctx.session) {
      ctx.ownPushes.push(frame)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      this.#options.finisher.add({ kind: 'push', session: target, bucket: bucketOf(target), incarnation: '', frame }, ({ status }) => {
        if (status === 'done') resolve()
        else if (status === 'expired') reject(new Error(`push: session ${target} is not known`))
        else reject(new Error(`push: session ${target} did not take it (${status})`))
      })
    })
  }

  #error(error: unknown, number: number): AttemptError {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return { at: Date.now(), worker: this.#options.worker, error: text.slice(0, ERROR_TEXT), attempt: number }
  }
}

/** Undefined where the message is being finished; else another attempt is wanted. */
export type AttemptWish = { errors: AttemptError[]; delayMs: number } | undefined

const unknownRoute = (message: StoredMessage, service: string): AttemptOutcome => ({
  kind: 'failed',
  error: new DeadLetter(`this worker of ${service} has no route ${message.header.route}`),
  delayMs: undefined,
})
