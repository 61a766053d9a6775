import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import { bucketOf } from '@causeway/protocol'
import type { ParkAnswer, Retries } from '@causeway/retries'
import type { FinishBatcher, Mark, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import { Backlog } from './backlog.ts'
import type { Counters } from './counters.ts'
import { Lane, type LaneMessage } from './lane.ts'
import { Lanes } from './lanes.ts'
import { DRAIN_MS } from './limits.ts'
import type { AttemptWish, MessageRunner } from './message-runner.ts'
import type { Route } from './route.ts'
import { fromRecord, type StoredMessage, toRetry } from './stored-message.ts'

export interface DispatcherOptions {
  service: string
  routes: ReadonlyMap<string, Route>
  runner: MessageRunner
  finisher: FinishBatcher
  sessions: Sessions
  retries: Retries
  /** Buckets of a partition. */
  bucketsOf: (partition: number) => readonly number[]
  concurrency: number
  /** Keeps a record that is none of ours where operators find it. */
  unreadable: (record: ConsumedRecord, error: Error) => Promise<void>
  counters: Counters
  logger: Logger
}

/**
 * Step 4 of a message's way: per session one at a time and in order, across sessions side by side. An offset is complete when its
 * finish, park or retry call has returned. All that is known belongs to one assignment and goes with it.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  #consumer: LogConsumer | undefined
  #lanes: Lanes
  #backlog: Backlog
  #ready: Lane[] = []
  #firstReady = 0
  #busy = 0
  /** Changes with each assignment: what belongs to an older one is finished and forgotten. */
  #generation = 0
  #stopped = true
  #drained: (() => void) | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#lanes = new Lanes([], options.counters)
    this.#backlog = new Backlog([], () => this.#consumer)
  }

  attach(consumer: LogConsumer): void {
    this.#consumer = consumer
  }

  /** A take-over: nothing known before holds, and the heads that stand are read before the first record. */
  async assigned(partitions: readonly number[]): Promise<void> {
    const generation = ++this.#generation
    this.#lanes = new Lanes([], this.#options.counters)
    this.#backlog = new Backlog(partitions, () => this.#consumer)
    this.#ready = []
    this.#firstReady = 0
    this.#busy = 0
    this.#stopped = true
    const buckets = partitions.flatMap(partition => this.#options.bucketsOf(partition))
    const heads = await retrying('reading heads', this.#options.logger, () => this.#options.retries.heads(this.#options.service, buckets))
    if (generation !== this.#generation) return
    this.#lanes = new Lanes(heads, this.#options.counters)
    this.#stopped = false
    this.#options.logger.info({ service: this.#options.service, partitions: partitions.length, heads: heads.length }, 'partitions assigned')
  }

  /** Stops dispatching and waits for what runs, at most a second; then commits what is complete. */
  revoked(): Promise<void> {
    return this.drain(DRAIN_MS)
  }

  /** The same with another limit, for a worker that stops. */
  async drain(timeoutMs: number): Promise<void> {
    this.#stopped = true
    if (this.outstanding > 0) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise(resolve => {
        timer = setTimeout(resolve, timeoutMs)
      })
      await Promise.race([this.#quiet(), late])
      clearTimeout(timer)
    }
    await this.commit().catch(error =>
      this.#options.logger.debug({ error: (error as Error).message }, 'the last commit of an assignment failed'),
    )
  }

  /** Nothing in a handler, nothing in the air. */
  async #quiet(): Promise<void> {
    if (this.#busy > 0) {
      await new Promise<void>(resolve => {
        this.#drained = resolve
      })
    }
    await this.#options.finisher.idle()
  }

  get outstanding(): number {
    return this.#backlog.outstanding
  }

  get lanes(): number {
    return this.#lanes.size
  }

  records(partition: number, records: readonly ConsumedRecord[]): void {
    if (!this.#backlog.has(partition)) return
    for (const record of records) this.#record(record)
    this.#pump()
    this.#backlog.restrain(partition)
  }

  #record(record: ConsumedRecord): void {
    const entry = this.#backlog.add(record)
    let message: StoredMessage
    try {
      message = fromRecord(record, bucketOf(record.key))
    } catch (error) {
      this.#options.counters.unreadable++
      void this.#options.unreadable(record, error as Error).then(() => {
        entry.complete = true
      })
      return
    }
    const lane = this.#lanes.of(message.session)
    const laneMessage: LaneMessage = { message, entry, check: false }
    if (!this.#lanes.fence(lane, laneMessage)) {
      entry.complete = true
      return
    }
    if (this.#options.routes.get(message.header.route)?.order === 'none') this.#makeReady(this.#loneLane(lane, laneMessage))
    else {
      lane.queue.push(laneMessage)
      if (!lane.busy && !lane.ready) this.#makeReady(lane)
    }
  }

  /** A message of a route without order runs beside its session's others. */
  #loneLane(lane: Lane, laneMessage: LaneMessage): Lane {
    const lone = new Lane(lane.session, false)
    lone.queue.push(laneMessage)
    return lone
  }

  #makeReady(lane: Lane): void {
    lane.ready = true
    this.#ready.push(lane)
  }

  #pump(): void {
    while (!this.#stopped && this.#busy < this.#options.concurrency && this.#firstReady < this.#ready.length) {
      const lane = this.#ready[this.#firstReady++]
      if (this.#firstReady === this.#ready.length) {
        this.#ready = []
        this.#firstReady = 0
      }
      lane.ready = false
      lane.busy = true
      this.#busy++
      this.#advance(lane, this.#generation)
    }
  }

  /** Works a lane off until it waits for something or is empty. */
  #advance(lane: Lane, generation: number): void {
    while (!this.#stopped && generation === this.#generation) {
      const next = lane.queue[lane.first]
      if (next === undefined) break
      if (!this.#step(lane, next, generation)) return
    }
    this.#release(lane, generation)
  }

  /** Begins one message; false where the lane has to wait for it and is advanced again later. */
  #step(lane: Lane, next: LaneMessage, generation: number): boolean {
    if (next.check) {
      this.#check(lane, generation)
      return false
    }
    if (lane.head) {
      this.#park(lane, generation)
      return false
    }
    lane.take()
    const wish = this.#run(lane, next)
    if (wish === undefined) return true
    if (wish instanceof Promise) void wish.then(late => this.#decided(lane, next, late, generation))
    else this.#decided(lane, next, wish, generation)
    return false
  }

  #release(lane: Lane, generation: number): void {
    lane.busy = false
    if (generation !== this.#generation) return
    this.#busy--
    if (this.#stopped && this.#busy === 0) this.#drained?.()
    if (lane.waiting > 0 && !lane.ready) this.#makeReady(lane)
    this.#pump()
  }

  #run(lane: Lane, { message, entry }: LaneMessage): AttemptWish | Promise<AttemptWish> {
    lane.unfinished++
    return this.#options.runner.run(message, 1, [], undefined, () => this.#finished(lane, entry))
  }

  #finished(lane: Lane, entry: LaneMessage['entry']): void {
    lane.unfinished--
    if (lane.unfinished === 0) lane.settled?.()
    entry.complete = true
  }

  /** After a handler: the next one, or the failed message becomes its session's head before anything else of it moves. */
  #decided(lane: Lane, { message, entry }: LaneMessage, wish: AttemptWish, generation: number): void {
    if (wish === undefined) {
      this.#advance(lane, generation)
      return
    }
    lane.unfinished--
    const { service, routes, retries, counters, logger } = this.#options
    const ordered = routes.get(message.header.route)?.order !== 'none'
    const retry = { ...toRetry(service, message), attempts: wish.errors.length, errors: wish.errors }
    counters.retried++
    void retrying('scheduling a retry', logger, () => retries.retry(retry, wish.delayMs, ordered)).then(() => {
      entry.complete = true
      lane.head = ordered
      this.#advance(lane, generation)
    })
  }

  /** Asks the stored marks about what may have been handled before, once nothing of the lane is in the air. */
  #check(lane: Lane, generation: number): void {
    if (lane.unfinished > 0) {
      lane.settled = () => {
        lane.settled = undefined
        this.#check(lane, generation)
      }
      return
    }
    // not beyond the first that runs without asking: what stands behind it may be its repeat
    const until = lane.queue.findIndex((each, index) => index >= lane.first && !each.check)
    const asked = lane.queue.slice(lane.first, until < 0 ? undefined : until)
    const queries = asked.map(({ message: { session, bucket, header } }) => ({
      session,
      bucket,
      incarnation: header.incarnation,
      msgId: header.msgId,
    }))
    void retrying('reading marks', this.#options.logger, () => this.#options.sessions.marks(queries)).then(marks => {
      this.#dropFinished(lane, asked, marks)
      this.#advance(lane, generation)
    })
  }

  #dropFinished(lane: Lane, asked: readonly LaneMessage[], marks: readonly Mark[]): void {
    const dropped = new Set<LaneMessage>()
    const seen = new Set<string>()
    asked.forEach((each, index) => {
      each.check = false
      const { incarnation, msgId } = each.message.header
      const key = `${incarnation} ${msgId}`
      if (marks[index] === 'finished' || seen.has(key)) dropped.add(each)
      seen.add(key)
    })
    if (dropped.size === 0) return
    this.#options.counters.duplicates += dropped.size
    for (const each of dropped) each.entry.complete = true
    lane.putBack(lane.takeAll().filter(each => !dropped.has(each)))
  }

  /** Offers everything that waits for parking behind the head; what is told to go is handled here. */
  #park(lane: Lane, generation: number): void {
    const waiting = lane.takeAll()
    const { retries, service, logger } = this.#options
    const messages = waiting.map(each => toRetry(service, each.message))
    void retrying('parking', logger, () => retries.park(messages)).then(answers => this.#parked(lane, waiting, answers, generation))
  }

  #parked(lane: Lane, waiting: readonly LaneMessage[], answers: readonly ParkAnswer[], generation: number): void {
    const going: LaneMessage[] = []
    for (let i = 0; i < waiting.length; i++) {
      if (answers[i] === 'go') going.push(waiting[i])
      else {
        waiting[i].entry.complete = true
        this.#options.counters.parked++
        if (answers[i] === 'head') this.#reschedule(waiting[i])
      }
    }
    if (going.length > 0) {
      lane.head = false
      lane.putBack(going)
    }
    this.#advance(lane, generation)
  }

  /** The message is the head itself, read again: whoever set it may have died before its job was there. */
  #reschedule({ message, entry }: LaneMessage): void {
    const { retries, service, logger } = this.#options
    entry.complete = false
    const error = { at: Date.now(), worker: '', error: 'its first attempt failed at a worker that is gone', attempt: 1 }
    const retry = { ...toRetry(service, message), attempts: 1, errors: [error] }
    void retrying('scheduling a head again', logger, () => retries.retry(retry, 0, true)).then(() => {
      entry.complete = true
    })
  }

  /** Commits what is complete; called by the clock. */
  commit(): Promise<void> {
    return this.#backlog.commit()
  }

  /** Lets paused partitions go on; called by the clock. */
  relieve(): void {
    this.#backlog.relieve()
  }
}
