import { bucketOf, Codec, decodeRecordHeader, encodeFrame, FrameType, type RecordHeader } from '@causeway/protocol'
import type { AttemptError, DeadLetter, PushStatus, ReplayEnd, ReplayResult, ReplayRun, ReplayRunner, ReplayStep } from '@causeway/retries'
import type { FinishStatus } from '@causeway/sessions'
import { attemptError } from './attempt-error.ts'
import { Context } from './context.ts'
import type { Counters } from './counters.ts'
import type { HandlerEffects } from './effects/handler-effects.ts'
import { type AttemptOutcome, attempt } from './execution.ts'
import { type Reach, type ReachOptions, reachBy } from './reach.ts'
import { gatherStream, resultOf } from './replay-result.ts'
import { backoffMs } from './retry-policy.ts'
import type { Route } from './route.ts'
import type { Running } from './running.ts'
import type { StoredMessage } from './stored-message.ts'

export interface ReplayRunsOptions extends ReachOptions {
  worker: string
  service: string
  /** Session events' too. */
  routes: Pick<ReadonlyMap<string, Route>, 'get'>
  /** State that may be read; what would be written has no finish to go with. */
  effects: HandlerEffects
  running: Running
  /** Bytes of the largest payload that clients take, and of a result that is held to be pushed. */
  maxPayload: number
  counters: Counters
}

const PUSHED: Partial<Record<FinishStatus, PushStatus>> = { done: 'pushed', expired: 'sessionGone', outboxFull: 'outboxFull' }

/**
 * Runs replays of dead letters: the route's handler under the route's own time-out and retries, beside the sessions and their order. The
 * message's own end stands: nothing here finishes it. A result that is to be pushed is kept first, so that a worker that dies in between
 * makes it come twice at worst, and never runs the handler again.
 */
export class ReplayRuns implements ReplayRunner {
  readonly #options: ReplayRunsOptions
  readonly #reach: Reach

  constructor(options: ReplayRunsOptions) {
    this.#options = options
    this.#reach = reachBy(options, options.effects)
  }

  async run(replay: ReplayRun, keep: (result: ReplayResult) => Promise<void>): Promise<ReplayStep> {
    const { kept, errors, letter, n } = replay
    const step: ReplayStep = kept === undefined ? await this.#attempt(replay) : { kind: 'ended', outcome: 'answered', result: kept, errors }
    if (step.kind === 'retry') return step
    const end = await this.#deliver(replay, step, keep)
    const { counters, logger } = this.#options
    counters.replays[end.outcome] = (counters.replays[end.outcome] ?? 0) + 1
    const { outcome, pushed, error } = end
    logger.info({ session: letter.session, msgId: letter.msgId, route: replay.route, replay: n, outcome, pushed, error }, 'replay')
    return { ...end, kind: 'ended' }
  }

  async #attempt(replay: ReplayRun): Promise<ReplayStep> {
    const { routes, counters, running, maxPayload, service } = this.#options
    const { n, errors } = replay
    const number = replay.attempts + 1
    const route = routes.get(replay.route)
    if (route === undefined) {
      const error = `this worker of ${service} has no route ${replay.route}`
      return { kind: 'ended', outcome: 'failed', error, errors: [...errors, this.#error(new Error(error), number)] }
    }
    const message = messageOf(replay, route)
    const context = new Context(this.#reach, message, route, number, Number.POSITIVE_INFINITY, n)
    counters.handled.add()
    const outcome = Promise.resolve(attempt(route, message, context, maxPayload))
    return await this.#decide(replay, route, context, await running.watch(context, Date.now() + route.timeoutMs, outcome))
  }

  async #decide(replay: ReplayRun, route: Route, context: Context, outcome: AttemptOutcome): Promise<ReplayStep> {
    const { errors } = replay
    const number = context.attempt
    switch (outcome.kind) {
      case 'answer':
        return await this.#answered(context, replay, resultOf([outcome], this.#options.maxPayload))
      case 'stream':
        return await this.#gathered(replay, route, context, outcome.values)
      case 'rejected':
      case 'badPayload':
        return { kind: 'ended', outcome: 'rejected', error: outcome.detail, errors }
      case 'later':
        return { kind: 'retry', delayMs: outcome.delayMs, counts: false, errors }
      case 'deadLetter':
        return failed([...errors, this.#error(outcome.error, number)])
      case 'cancelled':
        return { kind: 'ended', outcome: 'rejected', error: 'cancelled by the client', errors }
      case 'failed': {
        const all = [...errors, this.#error(outcome.error, number)]
        if (number >= route.retry.attempts) return failed(all)
        return { kind: 'retry', delayMs: outcome.delayMs ?? backoffMs(route.retry, number, Math.random()), counts: true, errors: all }
      }
    }
  }

  async #gathered(replay: ReplayRun, route: Route, context: Context, values: AsyncIterable<unknown>): Promise<ReplayStep> {
    const { running, maxPayload } = this.#options
    const { codec } = messageOf(replay, route).header
    const encode = (value: unknown) => route.codecs.encode(value, codec)
    let result: ReplayResult
    try {
      result = await gatherStream({ running, context, timeoutMs: route.timeoutMs, encode, maxPayload }, values)
    } catch (error) {
      return await this.#decide(replay, route, context, { kind: 'failed', error, delayMs: undefined })
    }
    return await this.#answered(context, replay, result)
  }

  /** What the handler pushed to the letter's session goes there, if it lives, before the replay has ended. */
  async #answered(context: Context, { letter, errors }: ReplayRun, result: ReplayResult): Promise<ReplayStep> {
    for (const status of await Promise.all(context.ownPushes.splice(0).map(frame => this.#pushFrame(letter, frame)))) {
      if (status !== 'pushed') context.log.warn({ status }, "a replay's push to the letter's session is lost")
    }
    return { kind: 'ended', outcome: 'answered', result, errors }
  }

  async #deliver(replay: ReplayRun, end: ReplayEnd, keep: (result: ReplayResult) => Promise<void>): Promise<ReplayEnd> {
    const { result } = end
    if (replay.deliver !== 'push' || result === undefined) return end
    if (result.values === undefined) return { ...end, pushed: 'tooLarge' }
    if (replay.kept === undefined) await keep(result)
    let pushed: PushStatus = 'pushed'
    for (const { codec, value64 } of result.values) {
      pushed = await this.#pushValue(replay, codec, Buffer.from(value64, 'base64'))
      if (pushed !== 'pushed') break
    }
    return { ...end, pushed }
  }

  /** The route goes along, so that a client can tell what it gets. */
  #pushValue({ letter, route }: ReplayRun, codec: number, payload: Uint8Array): Promise<PushStatus> {
    return this.#pushFrame(letter, encodeFrame({ type: FrameType.PUSH, codec, payload, metadata: { route } }))
  }

  /** To the session as it was when it sent the message, and to no later one of that name. */
  #pushFrame({ session, bucket, incarnation }: DeadLetter, frame: Uint8Array): Promise<PushStatus> {
    return new Promise(resolve => {
      this.#options.finisher.add({ kind: 'push', session, bucket, incarnation, frame }, ({ status }) => resolve(PUSHED[status] ?? 'failed'))
    })
  }

  #error(error: unknown, number: number): AttemptError {
    return attemptError(this.#options.worker, error, number)
  }
}

const failed = (errors: readonly AttemptError[]): ReplayStep => ({ kind: 'ended', outcome: 'failed', error: errors.at(-1)!.error, errors })

/** The letter as its handler gets it: with what was edited, and without a deadline, which has passed. */
function messageOf({ letter, value, codec }: ReplayRun, route: Route): StoredMessage {
  const header = headerOf(letter.header, letter.msgId)
  const { session, traceparent } = letter
  // another payload is of another kind
  const contentType = codec === undefined ? letter.contentType : undefined
  return {
    ...{ session, value, traceparent, contentType, bucket: bucketOf(session), headerText: letter.header },
    header: { ...header, route: route.name, opcode: route.opcode ?? 0, codec: codec ?? header.codec, deadline: 0 },
  }
}

/** A record that no gateway wrote has none. */
function headerOf(text: string, msgId: number): RecordHeader {
  try {
    return decodeRecordHeader(text)
  } catch {
    const nobody = { gateway: '', epoch: 0, incarnation: '', principal: '', key: '' }
    return { ...nobody, msgId, prev: 0, route: '', codec: Codec.BYTES, kind: 'request', deadline: 0, opcode: 0, resent: false }
  }
}
