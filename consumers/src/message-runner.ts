import { randomBytes } from 'node:crypto'
import type { AttemptError } from '@causeway/retries'
import { type FinishResult, SHARED_KEYS } from '@causeway/sessions'
import { errorFrame, finalEntry, responseFrame } from './answers.ts'
import { attemptError } from './attempt-error.ts'
import { type Clock, machineClock } from './clock.ts'
import { Context } from './context.ts'
import type { Counters } from './counters.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { HandlerEffects } from './effects/handler-effects.ts'
import { CONFLICT_RUNS, CONFLICT_WAIT_MS, EMITS_FULL_MS } from './effects/limits.ts'
import { type AttemptOutcome, attempt, failure } from './execution.ts'
import { type Ending, type Finished, MessageEnds, type Unpark } from './message-ends.ts'
import { DeadLetter } from './outcome-errors.ts'
import { type Reach, type ReachOptions, reachBy } from './reach.ts'
import { backoffMs } from './retry-policy.ts'
import type { Route } from './route.ts'
import type { Running } from './running.ts'
import type { StoredMessage } from './stored-message.ts'
import { writeStream } from './stream.ts'

const CANCELLED = 'cancelled by the client'

export interface MessageRunnerOptions extends ReachOptions {
  worker: string
  service: string
  routes: ReadonlyMap<string, Route>
  /** What `ctx.state` and `ctx.emit` do. */
  effects: HandlerEffects
  deadLetters: Pick<DeadLetters, 'bury'>
  running: Running
  counters: Counters
  /** Default: the machine's. */
  clock?: Clock
}

/** One attempt of one message. */
interface Attempt extends Ending {
  /** From 1. */
  number: number
  /** Of the attempts before it. */
  errors: readonly AttemptError[]
  /** Unix ms; Infinity where there is none. */
  deadline: number
  route: Route | undefined
  context: Context
  /** How often it was handled in vain because of what another finish had written. */
  conflicts: number
}

/** Runs one attempt of one message and finishes what it decided (step 5), for the dispatcher and for the retries alike. */
export class MessageRunner {
  readonly #options: MessageRunnerOptions
  readonly #clock: Clock
  readonly #ends: MessageEnds
  readonly #reach: Reach
  /** Streams that have not ended. */
  readonly #streams = new Set<Promise<AttemptWish>>()

  constructor(options: MessageRunnerOptions) {
    this.#options = options
    this.#clock = options.clock ?? machineClock
    this.#ends = new MessageEnds({ ...options, clock: this.#clock })
    this.#reach = reachBy(options, options.effects)
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
    const { running } = this.#options
    const deadline = message.header.deadline === 0 ? Number.POSITIVE_INFINITY : message.header.deadline
    const now = this.#clock.now()
    if (now >= deadline) {
      const frame = errorFrame(message, 'TIMEOUT', 'its deadline passed before a worker had it')
      this.#ends.final({ message, unpark, finished }, 'timedOut', frame)
      return undefined
    }
    if (running.takeCancelled(message.session, message.header.msgId)) {
      this.#ends.final({ message, unpark, finished }, 'cancelled', errorFrame(message, 'CANCELLED', CANCELLED))
      return undefined
    }
    return this.#attempt(message, number, errors, unpark, finished, deadline, 0)
  }

  #attempt(
    message: StoredMessage,
    number: number,
    errors: readonly AttemptError[],
    unpark: Unpark,
    finished: Finished,
    deadline: number,
    conflicts: number,
  ): AttemptWish | Promise<AttemptWish> {
    const { service, routes, counters, running, maxPayload } = this.#options
    const route = routes.get(message.header.route)
    const context = new Context(this.#reach, message, route, number, deadline)
    const made: Attempt = { message, unpark, finished, number, errors, deadline, route, context, conflicts }
    if (route === undefined) return this.#decide(made, unknownRoute(message, service))
    counters.handled.add()
    const outcome = attempt(route, message, context, maxPayload)
    if (!(outcome instanceof Promise)) return this.#decide(made, outcome)
    const from = performance.now()
    return running.watch(context, Math.min(deadline, this.#clock.now() + route.timeoutMs), outcome).then(late => {
      if ((message.header.msgId & 15) === 1) counters.handling.add(performance.now() - from)
      return this.#decide(made, late)
    })
  }

  #decide(made: Attempt, outcome: AttemptOutcome): AttemptWish | Promise<AttemptWish> {
    const { message, number, errors, route } = made
    if (outcome.kind !== 'answer' && outcome.kind !== 'stream') made.context.dropEffects()
    switch (outcome.kind) {
      case 'answer':
        return this.#answer(made, outcome.payload, outcome.codec)
      case 'stream':
        return this.#track(this.#stream(made, outcome.values))
      case 'rejected':
        this.#ends.final(made, 'rejected', errorFrame(message, 'REJECTED', outcome.detail))
        return undefined
      case 'badPayload':
        this.#ends.final(made, 'rejected', errorFrame(message, 'BAD_PAYLOAD', outcome.detail))
        return undefined
      case 'cancelled':
        // the gateway says the same; whichever comes first is the answer
        this.#ends.final(made, 'cancelled', errorFrame(message, 'CANCELLED', CANCELLED))
        return undefined
      case 'later':
        return { errors: [...errors], delayMs: outcome.delayMs, counts: false }
      case 'deadLetter':
        return this.#ends.bury(made, [...errors, this.#error(outcome.error, number)], outcome.error.message)
      case 'failed': {
        const all = [...errors, this.#error(outcome.error, number)]
        const policy = route?.retry ?? { attempts: 5, minMs: 1_000, maxMs: 30_000, jitter: 0.5 }
        if (number >= policy.attempts) return this.#ends.bury(made, all, `${number} attempts failed`)
        return { errors: all, delayMs: outcome.delayMs ?? backoffMs(policy, number, Math.random()), counts: true }
      }
    }
  }

  /** An answer that its client could not take is no answer: another attempt would make the same. */
  #answer(made: Attempt, payload: Uint8Array, codec: number): AttemptWish | Promise<AttemptWish> {
    const { message, context } = made
    const { maxPayload } = this.#options
    if (message.header.kind === 'request' && payload.length > maxPayload) {
      const detail = `the answer has ${payload.length} bytes: at most ${maxPayload} (CAUSEWAY_MAX_PAYLOAD); stream it`
      context.log.error(detail)
      context.dropEffects()
      this.#ends.final(made, 'failed', errorFrame(message, 'HANDLER_FAILED', detail))
      return undefined
    }
    const frame = responseFrame(message, payload, codec, context.answeredBy)
    if (context.hasEffects) return this.#effective(made, frame)
    this.#ends.final(made, 'answered', frame)
    return undefined
  }

  /** The answer and what it takes along, or another attempt. Its session's next message begins after that: it reads what this one has written. */
  async #effective(made: Attempt, frame: Uint8Array | undefined): Promise<AttemptWish> {
    const { finisher, counters } = this.#options
    const { message, context, unpark, errors } = made
    const entry = finalEntry(message, 'answered', frame)
    if (unpark !== undefined) entry.unpark = unpark
    try {
      entry.effects = await context.takeEffects()
    } catch (error) {
      return this.#decide(made, failure(error))
    }
    const result = await new Promise<FinishResult>(resolve => finisher.add(entry, resolve))
    switch (result.status) {
      case 'conflict':
        return this.#conflicted(made)
      case 'emitsFull':
        counters.emitsFull++
        context.log.warn('it emits, and the outbox of emits is full: it waits')
        return { errors: [...errors], delayMs: EMITS_FULL_MS, counts: false }
      case 'sharedFull':
        return this.#decide(made, failure(new RangeError(`its service keeps ${SHARED_KEYS} shared keys already: delete some`)))
      case 'outboxFull':
        return this.#decide(made, failure(new Error('it pushes to its own session, whose outbox is full: nothing of it has taken effect')))
      default:
        // a duplicate may be this very call, made again
        if (entry.effects.emits !== undefined) this.#options.effects.emitted(message.bucket)
        this.#ends.ended(made, entry.outcome, result)
        return undefined
    }
  }

  /** Another finish has changed what the handler read: it is handled again, on what there is now. */
  #conflicted(made: Attempt): AttemptWish | Promise<AttemptWish> {
    const { message, number, errors, unpark, finished, deadline, conflicts } = made
    this.#options.counters.conflicts++
    if (conflicts < CONFLICT_RUNS) return this.#attempt(message, number, errors, unpark, finished, deadline, conflicts + 1)
    return { errors: [...errors], delayMs: CONFLICT_WAIT_MS * (1 + Math.random()), counts: false }
  }

  /** Makes a dead letter of a message that a store will not take on its way; `finished` is called as after an attempt. */
  async giveUp(message: StoredMessage, errors: readonly AttemptError[], reason: string, finished: Finished): Promise<void> {
    await this.#ends.bury({ message, unpark: undefined, finished }, errors, reason)
  }

  /** Ends a message without running it: it was finished before, and only its parked copy has to go. */
  unparkOnly(message: StoredMessage, unpark: Unpark, finished: Finished): void {
    this.#ends.final({ message, unpark, finished }, 'answered', undefined)
  }

  #track(stream: Promise<AttemptWish>): Promise<AttemptWish> {
    this.#streams.add(stream)
    return stream.finally(() => this.#streams.delete(stream))
  }

  /** Resolves when all streams have handed their ends to the store; they do at once when Running has been closed. */
  async streamsEnded(): Promise<void> {
    await Promise.allSettled(this.#streams)
  }

  /** The time-out of the route bounds the wait for each value, the deadline of the message the whole. */
  async #stream(made: Attempt, values: AsyncIterable<unknown>): Promise<AttemptWish> {
    const { message, context: ctx, deadline, route } = made
    const { finisher, running, counters, maxPayload } = this.#options
    const watched = running.begin(ctx, deadline, () => undefined)
    const end = await writeStream(
      {
        ...{ message, ctx, finisher, run: randomBytes(6).toString('base64url'), maxPayload },
        encode: value => route!.codecs.encode(value, message.header.codec),
        before: () => this.#pushOwn(message, ctx),
        effects: () => (ctx.hasEffects ? ctx.takeEffects() : undefined),
        waiting: forValue => {
          watched.deadline = forValue ? Math.min(deadline, this.#clock.now() + route!.timeoutMs) : deadline
        },
      },
      values,
    )
    running.end(watched)
    if ('cut' in end) return this.#decide(made, { kind: 'failed', error: end.cut, delayMs: undefined })
    counters.finished(end.outcome, end.result)
    if (end.hasEmitted) this.#options.effects.emitted(message.bucket)
    if (end.result.status === 'failed') await this.#ends.unfinishable(made)
    else if (made.unpark === undefined) made.finished(end.result)
    else this.#ends.final(made, 'answered', undefined)
    return undefined
  }

  /** Sends what the handler has pushed to its own session since; it takes effect only while the message is unfinished. */
  #pushOwn(message: StoredMessage, context: Context): void {
    if (context.ownPushes.length === 0) return
    const { session, bucket, header } = message
    const { incarnation, msgId } = header
    for (const frame of context.ownPushes.splice(0)) {
      this.#options.finisher.add({ kind: 'push', session, bucket, incarnation, msgId, frame }, ({ status }) => {
        if (status === 'outboxFull') context.log.warn("a push to the message's own session is lost: its outbox is full")
      })
    }
  }

  #error(error: unknown, number: number): AttemptError {
    return attemptError(this.#options.worker, error, number)
  }
}

/** Undefined where the message is being finished; else another attempt is wanted, and `counts` where this was one. */
export type AttemptWish = { errors: AttemptError[]; delayMs: number; counts: boolean } | undefined

const unknownRoute = (message: StoredMessage, service: string): AttemptOutcome => ({
  kind: 'failed',
  error: new DeadLetter(`this worker of ${service} has no route ${message.header.route}`),
  delayMs: undefined,
})
