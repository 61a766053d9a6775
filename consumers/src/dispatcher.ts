import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import { bucketOf } from '@causeway/protocol'
import type { Registry } from '@causeway/registry'
import type { Retries } from '@causeway/retries'
import type { FinishBatcher, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import { Backlog } from './backlog.ts'
import type { Counters } from './counters.ts'
import { Handover } from './handover.ts'
import { Lane, type LaneMessage } from './lane.ts'
import { Lanes } from './lanes.ts'
import { DRAIN_MS, RECLAIM_MS } from './limits.ts'
import type { AttemptWish, MessageRunner } from './message-runner.ts'
import { Parking } from './parking.ts'
import type { QueueTime } from './queue-time.ts'
import { RepeatCheck } from './repeat-check.ts'
import type { Route } from './route.ts'
import { fromRecord, type StoredMessage } from './stored-message.ts'

export interface DispatcherOptions {
  service: string
  worker: string
  routes: ReadonlyMap<string, Route>
  runner: MessageRunner
  finisher: FinishBatcher
  sessions: Sessions
  retries: Retries
  registry: Pick<Registry, 'hold' | 'release'>
  /** Buckets of a partition. */
  bucketsOf: (partition: number) => readonly number[]
  concurrency: number
  /** Keeps a record that is none of ours where operators find it. */
  unreadable: (record: ConsumedRecord, error: Error) => Promise<void>
  queueTime: QueueTime
  counters: Counters
  logger: Logger
}

/**
 * Step 4 of a message's way: per session one at a time and in order, across sessions side by side. An offset is complete when its
 * finish, park or retry call has returned. All that is known belongs to one assignment and goes with it.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #parking: Parking
  readonly #repeats: RepeatCheck
  readonly #handover: Handover
  #consumer: LogConsumer | undefined
  #lanes: Lanes
  #backlog: Backlog
  #ready: Lane[] = []
  #firstReady = 0
  #busy = 0
  /** Changes with each assignment: what belongs to an older one is finished and forgotten. */
  #generation = 0
  #stopped = true
  /** The assignment ends; the next one is not known yet. */
  #revoked = false
  /** The worker stops: no assignment begins anything any more. */
  #ending = false
  #drained: (() => void) | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#parking = new Parking(options)
    this.#repeats = new RepeatCheck(options.sessions, options.counters, options.logger)
    this.#handover = new Handover(options)
    this.#lanes = new Lanes([], options.counters)
    this.#backlog = new Backlog([], () => this.#consumer)
  }

  attach(consumer: LogConsumer): void {
    this.#consumer = consumer
  }

  /** A take-over: nothing known before holds; it waits for what the former owners still handle, and reads the heads that stand before the first record. */
  async assigned(partitions: readonly number[]): Promise<void> {
    // what runs goes on to its end under the assignment it has
    if (this.#ending) return
    const generation = ++this.#generation
    this.#revoked = false
    this.#lanes = new Lanes([], this.#options.counters)
    this.#backlog.close()
    this.#backlog = new Backlog(partitions, () => this.#consumer)
    this.#ready = []
    this.#firstReady = 0
    this.#busy = 0
    this.#drained?.()
    this.#stopped = true
    await this.#handover.take(partitions, () => generation === this.#generation && !this.#ending)
    const heads = await this.#heads(partitions.flatMap(partition => this.#options.bucketsOf(partition)))
    if (generation !== this.#generation || this.#ending) return
    this.#lanes = new Lanes(heads, this.#options.counters)
    this.#stopped = false
    this.#options.logger.info(
      { service: this.#options.service, partitions: partitions.length, heads: heads?.length },
      'partitions assigned',
    )
  }

  /** Undefined where the store refuses to tell. */
  async #heads(buckets: readonly number[]): Promise<string[] | undefined> {
    const { retries, service, counters, logger } = this.#options
    try {
      return await retrying('reading heads', logger, () => retries.heads(service, buckets))
    } catch (error) {
      counters.refusedCalls++
      logger.error({ error: (error as Error).message }, 'the heads can not be read; each session is offered for parking once')
      return undefined
    }
  }

  /** Stops dispatching and waits for what runs, at most DRAIN_MS; what is complete is committed at once, and again then. */
  revoked(): Promise<void> {
    this.#revoked = true
    this.#handover.rebalancing()
    return this.#drain(DRAIN_MS)
  }

  /** The same with another limit, for a worker that stops: nothing begins any more. */
  stop(timeoutMs: number): Promise<void> {
    this.#ending = true
    return this.#drain(timeoutMs)
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#stopped = true
    if (this.outstanding > 0) {
      void this.#lastCommit()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise(resolve => {
        timer = setTimeout(resolve, timeoutMs)
      })
      await Promise.race([this.#quiet(), late])
      clearTimeout(timer)
    }
    await this.#lastCommit()
  }

  async #lastCommit(): Promise<void> {
    try {
      await this.commit()
    } catch (error) {
      this.#options.logger.debug({ error: (error as Error).message }, 'the last commit of an assignment failed')
    }
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

  /** Records above what may be committed. */
  get outstanding(): number {
    return this.#backlog.outstanding
  }

  /** Of those, the ones that are not complete. */
  get unfinished(): number {
    return this.#backlog.unfinished
  }

  get lanes(): number {
    return this.#lanes.size
  }

  records(partition: number, records: readonly ConsumedRecord[]): void {
    if (this.#ending || !this.#backlog.has(partition)) return
    const now = Date.now()
    for (const record of records) this.#record(record, now)
    this.#pump()
    this.#backlog.restrain(partition)
  }

  #record(record: ConsumedRecord, now: number): void {
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
    const laneMessage: LaneMessage = { message, entry, partition: record.partition, since: record.appendedAt ?? now, check: false }
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
    const lone = new Lane(lane.session, false, lane)
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
      this.#repeats.run(lane, () => this.#advance(lane, generation))
      return false
    }
    if (lane.head) {
      this.#parking.park(lane, goOn => {
        if (goOn) this.#advance(lane, generation)
        else this.#disowned(lane, generation, () => this.#advance(lane, generation))
      })
      return false
    }
    lane.take()
    const wish = this.#run(lane, next)
    if (wish === undefined) return true
    if (wish instanceof Promise) void wish.then(late => this.#decided(lane, next, late, generation))
    else this.#decided(lane, next, wish, generation)
    return false
  }

  /** After a handler that took its time, other lanes that wait come first: one session's queue is no longer for having a place already. */
  #goOn(lane: Lane, generation: number): void {
    if (this.#firstReady < this.#ready.length) this.#release(lane, generation)
    else this.#advance(lane, generation)
  }

  /**
   * Another worker is said to hold the partition. Either the group has gone on without this one, which then hears of it within two heartbeats: until
   * then nothing is begun. Or the store is wrong, for this assignment stands: it is put right, and `again` is called.
   */
  #disowned(lane: Lane, generation: number, again: () => void): void {
    const stands = (): boolean => generation === this.#generation && !this.#revoked && !this.#ending
    if (stands()) this.#stopped = true
    const look = async (): Promise<void> => {
      if (stands() && !(await this.#handover.reclaim())) {
        setTimeout(look, RECLAIM_MS)
        return
      }
      if (!stands()) {
        this.#release(lane, generation)
        return
      }
      this.#stopped = false
      again()
      this.#pump()
    }
    setTimeout(look, RECLAIM_MS)
  }

  #release(lane: Lane, generation: number): void {
    lane.busy = false
    if (generation !== this.#generation) return
    this.#busy--
    if (this.#stopped && this.#busy === 0) this.#drained?.()
    if (lane.waiting > 0 && !lane.ready) this.#makeReady(lane)
    this.#pump()
  }

  #run(lane: Lane, begun: LaneMessage): AttemptWish | Promise<AttemptWish> {
    lane.unfinished++
    this.#options.queueTime.add(begun.since, Date.now())
    this.#handover.begin(begun.partition)
    return this.#options.runner.run(begun.message, 1, [], undefined, () => this.#finished(lane, begun))
  }

  #finished(lane: Lane, { entry, partition }: LaneMessage): void {
    lane.unfinished--
    if (lane.unfinished === 0) lane.settled?.()
    entry.complete = true
    this.#handover.end(partition)
  }

  /** After a handler: the next one, or the failed message becomes its session's head before anything else of it moves. */
  #decided(lane: Lane, laneMessage: LaneMessage, wish: AttemptWish, generation: number): void {
    const advance = (): void => this.#goOn(lane, generation)
    if (wish === undefined) {
      advance()
      return
    }
    lane.unfinished--
    this.#retryLater(lane, laneMessage, wish, generation)
  }

  #retryLater(lane: Lane, laneMessage: LaneMessage, wish: NonNullable<AttemptWish>, generation: number): void {
    const ordered = this.#options.routes.get(laneMessage.message.header.route)?.order !== 'none'
    this.#parking.retryLater(lane, laneMessage, wish, ordered, goOn => {
      this.#handover.end(laneMessage.partition)
      if (goOn) this.#goOn(lane, generation)
      else {
        this.#disowned(lane, generation, () => {
          this.#handover.begin(laneMessage.partition)
          this.#retryLater(lane, laneMessage, wish, generation)
        })
      }
    })
  }

  /** After stop(), and after the group has been left: whoever comes next waits for nothing but the handlers that still run. Waits for them too. */
  async handOver(timeoutMs: number): Promise<void> {
    await this.#handover.leave()
    await this.#drain(timeoutMs)
  }

  /** Commits what is complete; called by the clock. */
  commit(): Promise<void> {
    return this.#backlog.commit()
  }

  /** Forgets sessions that are quiet; called by the clock. */
  forgetUnused(): void {
    this.#lanes.forgetUnused()
  }

  /** Lets paused partitions go on; called by the clock. */
  relieve(): void {
    this.#backlog.relieve()
  }
}
