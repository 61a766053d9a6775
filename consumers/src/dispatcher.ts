import { within } from '@causeway/backends'
import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import { bucketOf } from '@causeway/protocol'
import type { LateSession, Registry } from '@causeway/registry'
import type { Retries } from '@causeway/retries'
import type { FinishBatcher, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { Backlog } from './backlog.ts'
import type { Counters } from './counters.ts'
import { Handover } from './handover.ts'
import { Lane, type LaneMessage } from './lane.ts'
import { Lanes } from './lanes.ts'
import { LateSessions } from './late-sessions.ts'
import { DRAIN_MS, RECLAIM_MS } from './limits.ts'
import type { AttemptWish, MessageRunner } from './message-runner.ts'
import { OrderKeys } from './order-keys.ts'
import { Parking } from './parking.ts'
import type { Gate } from './policies/gate.ts'
import type { QueueTime } from './queue-time.ts'
import { ReadyLanes } from './ready-lanes.ts'
import { RepeatCheck } from './repeat-check.ts'
import type { Route } from './route.ts'
import { standingHeads } from './standing-heads.ts'
import { fromRecord, type StoredMessage } from './stored-message.ts'

export interface DispatcherOptions {
  service: string
  worker: string
  routes: ReadonlyMap<string, Route>
  runner: MessageRunner
  finisher: FinishBatcher
  sessions: Sessions
  retries: Retries
  registry: Pick<Registry, 'hold' | 'release' | 'late' | 'settle'>
  /** Buckets of a partition. */
  bucketsOf: (partition: number) => readonly number[]
  concurrency: number
  /** Bytes of the largest payload. */
  maxPayload: number
  /** Keeps a record that is none of ours where operators find it. */
  unreadable: (record: ConsumedRecord, error: Error) => Promise<void>
  queueTime: QueueTime
  counters: Counters
  logger: Logger
}

/**
 * Step 4 of a message's way: per session, or key within it, one at a time and in order, across these side by side. An offset is complete when its
 * finish, park or retry call has returned. All that is known belongs to one assignment and goes with it.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #parking: Parking
  readonly #repeats: RepeatCheck
  readonly #handover: Handover
  readonly #keys: OrderKeys
  #consumer: LogConsumer | undefined
  #lanes: Lanes
  #late: LateSessions
  #backlog: Backlog
  #ready: ReadyLanes
  /** Changes with each assignment: what belongs to an older one is finished and forgotten. */
  #generation = 0
  #stopped = true
  /** Unix ms at which this assignment began: what waited before that waited for any worker, not for this one. */
  #assignedAt = 0
  /** The assignment ends; the next one is not known yet. */
  #revoked = false
  /** The worker stops: no assignment begins anything any more. */
  #ending = false

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#parking = new Parking(options)
    this.#repeats = new RepeatCheck(options.sessions, options.counters, options.logger)
    this.#handover = new Handover(options)
    this.#keys = new OrderKeys(options.maxPayload, options.logger)
    this.#lanes = new Lanes([], options.counters)
    this.#late = this.#lateSessions([], [])
    this.#ready = new ReadyLanes(() => options.concurrency)
    this.#backlog = new Backlog([], () => this.#consumer)
  }

  attach(consumer: LogConsumer): void {
    this.#consumer = consumer
  }

  #lateSessions(elsewhere: readonly LateSession[], here: readonly string[]): LateSessions {
    return new LateSessions({
      ...{ elsewhere, here },
      look: partitions => this.#handover.look(partitions),
      go: lane => {
        for (const each of lane.takeAll()) this.#enter(lane, each)
        this.#pump()
      },
    })
  }

  /** A take-over: nothing known before holds; it waits until the former owners have given up, and reads the heads that stand before the first record. */
  async assigned(partitions: readonly number[]): Promise<void> {
    // what runs goes on to its end under the assignment it has
    if (this.#ending) return
    const generation = ++this.#generation
    this.#revoked = false
    const { running } = this.#lanes
    this.#lanes = new Lanes([], this.#options.counters)
    this.#late.close()
    this.#backlog.close()
    this.#backlog = new Backlog(partitions, () => this.#consumer)
    this.#ready.abandon()
    this.#ready = new ReadyLanes(() => this.#options.concurrency)
    this.#stopped = true
    await this.#handover.release(running)
    const elsewhere = await this.#handover.take(partitions, () => this.#stands(generation))
    // one that ends as a head while the heads are read may be missing there
    const here = this.#handover.late
    const standing = await standingHeads(
      this.#options,
      partitions.flatMap(partition => this.#options.bucketsOf(partition)),
    )
    if (!this.#stands(generation)) return
    const heads = standing && [...standing, ...here]
    this.#lanes = new Lanes(heads, this.#options.counters)
    this.#late = this.#lateSessions(elsewhere, this.#handover.late)
    this.#stopped = false
    this.#assignedAt = Date.now()
    this.#options.logger.info(
      { partitions: partitions.length, heads: standing?.length, late: elsewhere.length + here.length },
      'partitions assigned',
    )
  }

  /** It is the present assignment, and has not ended. */
  #stands(generation: number): boolean {
    return generation === this.#generation && !this.#revoked && !this.#ending
  }

  /**
   * Stops dispatching and waits for what runs, at most DRAIN_MS; what is complete is committed at once, and again then. The partitions are free after
   * that; sessions that still have something in a handler are named.
   */
  async revoked(): Promise<void> {
    const generation = this.#generation
    this.#revoked = true
    this.#handover.rebalancing()
    await this.#drain(DRAIN_MS)
    // else the next assignment is there already, and has released them for its own
    const isLast = generation === this.#generation
    await Promise.all([this.#lastCommit(), isLast && this.#handover.release(this.#lanes.running)])
  }

  /** The same with another limit, for a worker that stops: nothing begins any more. */
  async stop(timeoutMs: number): Promise<void> {
    this.#ending = true
    await this.#drain(timeoutMs)
    await Promise.all([this.#lastCommit(), this.#handover.leave(this.#lanes.running)])
  }

  /** After stop(), and after the group has been left: waits for the handlers that still run. */
  ended(timeoutMs: number): Promise<void> {
    return this.#handover.noneLate(timeoutMs)
  }

  /** At the very end: what did not end in time is waited for by nobody. */
  close(): Promise<void> {
    this.#late.close()
    return this.#handover.close()
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#stopped = true
    this.#late.close()
    if (this.outstanding > 0) {
      void this.#lastCommit()
      await within(timeoutMs, this.#quiet()).catch(() => undefined)
    }
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
    await this.#ready.quiet()
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

  /** Sessions that wait for a handler of a former assignment. */
  get late(): number {
    return this.#late.waiting
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
    const lane = this.#lanes.of(message.session, record.partition)
    const laneMessage: LaneMessage = {
      message,
      entry,
      partition: record.partition,
      since: Math.max(record.appendedAt ?? now, this.#assignedAt),
      check: false,
    }
    if (!this.#lanes.fence(lane, laneMessage)) {
      entry.complete = true
      return
    }
    if (this.#late.has(message.session)) {
      lane.queue.push(laneMessage)
      this.#late.wait(lane)
    } else this.#enter(lane, laneMessage)
  }

  #enter(lane: Lane, laneMessage: LaneMessage): void {
    const { message } = laneMessage
    const route = this.#options.routes.get(message.header.route)
    if (route?.order === 'none') {
      this.#ready.add(this.#loneLane(lane, laneMessage))
      return
    }
    const own = route?.order === 'key' ? this.#lanes.keyed(lane, this.#keys.of(route, message)) : lane
    own.queue.push(laneMessage)
    if (!own.busy && !own.ready) this.#ready.add(own)
  }

  /** A message of a route without order runs beside its session's others. */
  #loneLane(lane: Lane, laneMessage: LaneMessage): Lane {
    const lone = new Lane(lane.session, lane.partition, false, lane)
    lone.queue.push(laneMessage)
    return lone
  }

  #pump(): void {
    while (!this.#stopped) {
      const lane = this.#ready.begin()
      if (lane === undefined) return
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
    const gate = this.#options.routes.get(next.message.header.route)?.gate
    if (gate?.isFull) {
      this.#waitOutside(lane, gate, generation)
      return false
    }
    lane.take()
    const wish = this.#run(lane, next)
    gate?.callNext()
    if (wish === undefined) return true
    if (wish instanceof Promise) void wish.then(late => this.#decided(lane, next, late, generation))
    else this.#decided(lane, next, wish, generation)
    return false
  }

  /** All places of its route are taken: it gives its own up, and comes back to the lanes that are ready. */
  #waitOutside(lane: Lane, gate: Gate, generation: number): void {
    const pumpSoon = (): void => queueMicrotask(() => this.#pump())
    gate.wait(() => {
      if (generation !== this.#generation) return false
      this.#ready.add(lane)
      pumpSoon()
      return true
    })
    this.#ready.end(lane)
    // as one that is in that list: what comes for it joins its queue
    lane.ready = true
    pumpSoon()
  }

  /** After a handler that took its time, other lanes that wait come first: one session's queue is no longer for having a place already. */
  #goOn(lane: Lane, generation: number): void {
    if (this.#ready.size > 0) this.#release(lane, generation)
    else this.#advance(lane, generation)
  }

  /**
   * Another worker is said to hold the partition. Either the group has gone on without this one, which then hears of it within two heartbeats: until
   * then nothing is begun. Or the store is wrong, for this assignment stands: it is put right, and `again` is called.
   */
  #disowned(lane: Lane, generation: number, again: () => void): void {
    if (this.#stands(generation)) this.#stopped = true
    const look = async (): Promise<void> => {
      if (this.#stands(generation) && !(await this.#handover.reclaim())) {
        setTimeout(look, RECLAIM_MS)
        return
      }
      if (!this.#stands(generation)) {
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
    if (generation !== this.#generation) return
    this.#ready.end(lane)
    if (lane.waiting > 0 && !lane.ready) this.#ready.add(lane)
    this.#lanes.rest(lane)
    this.#pump()
  }

  #run(lane: Lane, begun: LaneMessage): AttemptWish | Promise<AttemptWish> {
    lane.unfinished++
    this.#options.queueTime.add(begun.since, Date.now())
    this.#begin(lane)
    return this.#options.runner.run(begun.message, 1, [], undefined, () => this.#finished(lane, begun))
  }

  #begin(lane: Lane): void {
    const own = lane.origin ?? lane
    own.running++
  }

  #end(lane: Lane): void {
    const own = lane.origin ?? lane
    own.running--
    if (own.running === 0 && this.#handover.ended(lane.session)) this.#late.endedHere(lane.session)
  }

  #finished(lane: Lane, { entry }: LaneMessage): void {
    lane.unfinished--
    if (lane.unfinished === 0) lane.settled?.()
    entry.complete = true
    this.#end(lane)
    this.#lanes.rest(lane)
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
    this.#parking.retryLater(lane, laneMessage, wish, lane.isOrdered, goOn => {
      this.#end(lane)
      if (goOn) this.#goOn(lane, generation)
      else {
        this.#disowned(lane, generation, () => {
          this.#begin(lane)
          this.#retryLater(lane, laneMessage, wish, generation)
        })
      }
    })
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
