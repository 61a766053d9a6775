import { type ConsumedRecord, EVENTS_TOPIC, type Log, type LogConsumer } from '@causeway/log'
import { bucketOf } from '@causeway/protocol'
import type { AttemptError } from '@causeway/retries'
import type { Metrics } from '@causeway/telemetry'
import { attemptError } from '../attempt-error.ts'
import { Backlog } from '../backlog.ts'
import type { Clock } from '../clock.ts'
import { Context } from '../context.ts'
import type { DeadLetters } from '../dead-letters.ts'
import { type AttemptOutcome, attempt } from '../execution.ts'
import { COMMIT_TICK_MS, DRAIN_MS, EVENTS_AT_A_TIME } from '../limits.ts'
import type { OffsetEntry } from '../partition-offsets.ts'
import { type Reach, type ReachOptions, reachBy } from '../reach.ts'
import { backoffMs } from '../retry-policy.ts'
import type { Route } from '../route.ts'
import type { Running } from '../running.ts'
import { fromRecord, type StoredMessage, toRetry } from '../stored-message.ts'

export interface EventRunsOptions extends ReachOptions {
  worker: string
  /** Whose dead letters they become: as the log calls it. */
  service: string
  /** By event. */
  routes: ReadonlyMap<string, Route>
  deadLetters: Pick<DeadLetters, 'bury'>
  running: Running
  clock: Clock
}

interface Waiting {
  message: StoredMessage
  route: Route
  entry: OffsetEntry
  attempts: number
  errors: AttemptError[]
}

/** One session's events, the first of them running, or waiting for another attempt. */
type Lane = Waiting[]

/** What one assignment has of partitions; over when it ends. */
interface Term {
  backlog: Backlog
  lanes: Map<string, Lane>
  /** Sessions whose first event may begin. */
  ready: string[]
  over: boolean
}

/** undefined: it is through. */
type Wish = { delayMs: number } | undefined

const NO_EFFECTS = {
  of(): never {
    throw new TypeError('a session event has no finish that could take state or emits along: use ctx.request')
  },
}

/**
 * Handles session events: those of a session one at a time and in order, at least once. A failing one is tried again where it stands and holds up nobody
 * else; what fails too often is a dead letter. The group commits what is through.
 */
export class EventRuns {
  readonly #options: EventRunsOptions
  readonly #reach: Reach
  #term: Term | undefined
  #running = 0
  #consumer: LogConsumer | undefined
  #ticking: { close(): void } | undefined
  readonly #ended: Record<string, number> = {}

  constructor(options: EventRunsOptions) {
    this.#options = options
    this.#reach = reachBy(options, NO_EFFECTS)
  }

  tell(metrics: Metrics): void {
    metrics.counters('causeway_worker_events_total', 'Session events by what became of them', 'outcome', () => this.#ended)
    metrics.gauge('causeway_worker_events_waiting', 'Session events polled and not through', () => this.#term?.backlog.unfinished ?? 0)
  }

  /** Joins the group; its topic is there. */
  async start(log: Log, group: string): Promise<void> {
    this.#consumer = await log.consume({
      group,
      topic: EVENTS_TOPIC,
      handlers: {
        assigned: async partitions => this.assigned(partitions),
        records: (partition, records) => this.records(partition, records),
        revoked: () => this.revoked(),
      },
    })
    this.#ticking = this.#options.clock.every(COMMIT_TICK_MS, () => {
      this.#term?.backlog.relieve()
      this.#commit(this.#term)
    })
  }

  assigned(partitions: readonly number[]): void {
    this.#end(this.#term)
    this.#term = { backlog: new Backlog(partitions, () => this.#consumer), lanes: new Map(), ready: [], over: false }
  }

  records(partition: number, records: readonly ConsumedRecord[]): void {
    const term = this.#term
    if (term === undefined || term.over || !term.backlog.has(partition)) return
    for (const record of records) this.#take(term, record)
    term.backlog.restrain(partition)
    this.#begin(term)
  }

  #take(term: Term, record: ConsumedRecord): void {
    const entry = term.backlog.add(record)
    const message = this.#read(record)
    const route = message === undefined ? undefined : this.#options.routes.get(message.header.route)
    if (message === undefined || route === undefined) {
      entry.complete = true
      return
    }
    const lane = term.lanes.get(message.session)
    const waiting: Waiting = { message, route, entry, attempts: 0, errors: [] }
    if (lane !== undefined) lane.push(waiting)
    else {
      term.lanes.set(message.session, [waiting])
      term.ready.push(message.session)
    }
  }

  /** A record that no gateway wrote tells nothing. */
  #read(record: ConsumedRecord): StoredMessage | undefined {
    try {
      return fromRecord(record, bucketOf(record.key))
    } catch (error) {
      this.#count('unreadable')
      const { partition, offset } = record
      this.#options.logger.error({ partition, offset, error: (error as Error).message }, 'a record among the session events is none')
      return undefined
    }
  }

  #count(outcome: string): void {
    this.#ended[outcome] = (this.#ended[outcome] ?? 0) + 1
  }

  #begin(term: Term): void {
    while (!term.over && this.#running < EVENTS_AT_A_TIME) {
      const session = term.ready.shift()
      if (session === undefined) return
      this.#running++
      void this.#attempt(term.lanes.get(session)![0]).then(wish => {
        this.#running--
        this.#attempted(term, session, wish)
        if (this.#term !== undefined) this.#begin(this.#term)
      })
    }
  }

  #attempted(term: Term, session: string, wish: Wish): void {
    // what has failed by now comes again, to whoever has the partition
    if (wish !== undefined) {
      if (term.over) return
      setTimeout(() => {
        term.ready.push(session)
        this.#begin(term)
      }, wish.delayMs).unref()
      return
    }
    const lane = term.lanes.get(session)!
    lane.shift()!.entry.complete = true
    if (lane.length === 0) term.lanes.delete(session)
    else term.ready.push(session)
  }

  /** Never rejects. */
  async #attempt(waiting: Waiting): Promise<Wish> {
    const { running, maxPayload, clock } = this.#options
    const { message, route } = waiting
    const number = waiting.attempts + 1
    const context = new Context(this.#reach, message, route, number, Number.POSITIVE_INFINITY)
    const outcome = Promise.resolve(attempt(route, message, context, maxPayload))
    return await this.#decide(waiting, context, await running.watch(context, clock.now() + route.timeoutMs, outcome))
  }

  async #decide(waiting: Waiting, context: Context, outcome: AttemptOutcome): Promise<Wish> {
    const { worker } = this.#options
    switch (outcome.kind) {
      case 'later':
        return { delayMs: outcome.delayMs }
      case 'failed': {
        const { retry } = waiting.route
        const number = ++waiting.attempts
        waiting.errors.push(attemptError(worker, outcome.error, number))
        if (this.#term?.over !== false) return { delayMs: 0 }
        if (number >= retry.attempts) return await this.#bury(waiting, `${number} attempts failed`)
        this.#count('retried')
        return { delayMs: outcome.delayMs ?? backoffMs(retry, number, Math.random()) }
      }
      case 'deadLetter':
        waiting.errors.push(attemptError(worker, outcome.error, ++waiting.attempts))
        return await this.#bury(waiting, outcome.error.message)
      case 'rejected':
      case 'badPayload':
        context.log.warn({ detail: outcome.detail }, 'a session event was rejected by its handler')
        this.#count('rejected')
        return undefined
      default:
        await this.#pushOwn(context)
        this.#count('handled')
        return undefined
    }
  }

  /** What was pushed to the event's own session; one that has ended gets nothing. */
  async #pushOwn(context: Context): Promise<void> {
    const { session, ownPushes } = context
    const pushed = ownPushes.splice(0).map(
      frame =>
        new Promise<string>(resolve => {
          const entry = { kind: 'push', session, bucket: bucketOf(session), incarnation: '', frame } as const
          this.#options.finisher.add(entry, ({ status }) => resolve(status))
        }),
    )
    for (const status of await Promise.all(pushed))
      if (status !== 'done') context.log.warn({ status }, "a push to the event's own session is lost")
  }

  async #bury({ message, attempts, errors }: Waiting, reason: string): Promise<Wish> {
    const { deadLetters, service, clock } = this.#options
    await deadLetters.bury({ ...toRetry(service, message), attempts, errors, deadAt: clock.now(), reason })
    this.#count('deadLettered')
    return undefined
  }

  /** Stops beginning events, lets those that run end for a moment, and commits what is through. */
  async revoked(): Promise<void> {
    const term = this.#term
    if (term === undefined) return
    term.over = true
    const { clock } = this.#options
    const until = clock.now() + DRAIN_MS
    while (this.#running > 0 && clock.now() < until) await new Promise(resolve => setTimeout(resolve, 10))
    await term.backlog.commit().catch(error => this.#commitFailed(error))
  }

  #end(term: Term | undefined): void {
    if (term === undefined) return
    term.over = true
    term.backlog.close()
  }

  #commit(term: Term | undefined): void {
    if (term !== undefined && !term.over) term.backlog.commit().catch(error => this.#commitFailed(error))
  }

  #commitFailed(error: Error): void {
    this.#options.logger.warn({ error: error.message }, 'a commit of session events failed; the next one makes up for it')
  }

  /** Leaves the group: what was not through comes again elsewhere. */
  async stop(): Promise<void> {
    this.#ticking?.close()
    await this.revoked()
    this.#end(this.#term)
    await this.#consumer?.leave().catch(error => {
      this.#options.logger.warn({ error: (error as Error).message }, 'leaving the group of session events failed; its time-out ends it')
    })
  }
}
