import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import { bucketOf } from '@causeway/protocol'
import type { LateSession } from '@causeway/registry'
import { Backlog } from './backlog.ts'
import type { DispatcherOptions } from './dispatcher.ts'
import type { Handover } from './handover.ts'
import { Lane, type LaneMessage } from './lane.ts'
import { Lanes } from './lanes.ts'
import { LateSessions } from './late-sessions.ts'
import { RECLAIM_MS } from './limits.ts'
import type { AttemptWish } from './message-runner.ts'
import type { OrderKeys } from './order-keys.ts'
import type { Parking } from './parking.ts'
import type { Gate } from './policies/gate.ts'
import { ReadyLanes } from './ready-lanes.ts'
import type { RepeatCheck } from './repeat-check.ts'
import { fromRecord, type StoredMessage } from './stored-message.ts'

/** What all assignments of a worker share. */
export interface AssignmentParts {
  options: DispatcherOptions
  consumer: () => LogConsumer | undefined
  parking: Parking
  repeats: RepeatCheck
  handover: Handover
  keys: OrderKeys
  /** A session that an earlier assignment had in a handler has nothing there any more. */
  lateEnded: (session: string) => void
}

/** What a take-over found. */
export interface TakenOver {
  /** Lanes with a head; undefined where they could not be read. */
  heads: readonly string[] | undefined
  /** Sessions that another worker still has in a handler. */
  elsewhere: readonly LateSession[]
  /** Sessions that an earlier assignment of this worker still has in one. */
  here: readonly string[]
}

/**
 * The partitions that a worker has from one rebalance to the next, and all that is known of them: it goes with the assignment. Lanes that are ready are
 * advanced message by message until they wait for something; what comes back when the assignment is over changes nothing any more.
 */
export class Assignment {
  readonly #parts: AssignmentParts
  readonly #options: DispatcherOptions
  readonly #backlog: Backlog
  readonly #ready: ReadyLanes
  #lanes: Lanes
  #late: LateSessions
  /** Nothing is begun: not yet, not just now, or not any more. */
  #stopped = true
  /** Told to end; the next one is not known yet. */
  #revoked = false
  /** Another one has taken its place. */
  #over = false
  /** Unix ms at which it began: what waited before that waited for any worker, not for this one. */
  #since = 0

  /** Begins nothing before begin(). */
  constructor(partitions: readonly number[], parts: AssignmentParts) {
    this.#parts = parts
    this.#options = parts.options
    this.#backlog = new Backlog(partitions, parts.consumer)
    this.#ready = new ReadyLanes(() => this.#options.concurrency)
    this.#lanes = new Lanes([], this.#options.counters)
    this.#late = this.#lateSessions([], [])
  }

  /** It is the present one, and was not told to end. */
  get stands(): boolean {
    return !this.#over && !this.#revoked
  }

  /** Records above what may be committed. */
  get outstanding(): number {
    return this.#backlog.outstanding
  }

  /** Of those, the ones that are not complete. */
  get unfinished(): number {
    return this.#backlog.unfinished
  }

  get sessions(): number {
    return this.#lanes.size
  }

  /** Lanes with something in a handler. */
  get running(): readonly Lane[] {
    return this.#lanes.running
  }

  /** Sessions that wait for a handler of a former assignment. */
  get late(): number {
    return this.#late.waiting
  }

  begin({ heads, elsewhere, here }: TakenOver): void {
    this.#lanes = new Lanes(heads, this.#options.counters)
    this.#late = this.#lateSessions(elsewhere, here)
    this.#stopped = false
    this.#since = Date.now()
  }

  #lateSessions(elsewhere: readonly LateSession[], here: readonly string[]): LateSessions {
    return new LateSessions({
      ...{ elsewhere, here },
      look: partitions => this.#parts.handover.look(partitions),
      go: lane => {
        for (const each of lane.takeAll()) this.#enter(lane, each)
        this.#pump()
      },
    })
  }

  lateEnded(session: string): void {
    this.#late.endedHere(session)
  }

  /** It ends, and the next one is not known yet. */
  revoke(): void {
    this.#revoked = true
  }

  /** Nothing is begun any more. */
  halt(): void {
    this.#stopped = true
    this.#late.close()
  }

  /** Nothing in a handler. */
  quiet(): Promise<void> {
    return this.#ready.quiet()
  }

  /** Another one takes its place: what runs goes on to its end, unseen. */
  abandon(): void {
    this.#over = true
    this.#stopped = true
    this.#late.close()
    this.#backlog.close()
    this.#ready.abandon()
  }

  commit(): Promise<void> {
    return this.#backlog.commit()
  }

  /** Lets paused partitions go on. */
  relieve(): void {
    this.#backlog.relieve()
  }

  /** Forgets sessions that are quiet. */
  forgetUnused(): void {
    this.#lanes.forgetUnused()
  }

  records(partition: number, records: readonly ConsumedRecord[]): void {
    if (!this.#backlog.has(partition)) return
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
      since: Math.max(record.appendedAt ?? now, this.#since),
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
    const own = route?.order === 'key' ? this.#lanes.keyed(lane, this.#parts.keys.of(route, message)) : lane
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
      this.#advance(lane)
    }
  }

  /** Works a lane off until it waits for something or is empty. */
  #advance(lane: Lane): void {
    while (!this.#stopped) {
      const next = lane.queue[lane.first]
      if (next === undefined) break
      if (!this.#step(lane, next)) return
    }
    this.#release(lane)
  }

  /** Begins one message; false where the lane has to wait for it and is advanced again later. */
  #step(lane: Lane, next: LaneMessage): boolean {
    if (next.check) {
      this.#parts.repeats.run(lane, () => this.#advance(lane))
      return false
    }
    if (lane.head) {
      this.#parts.parking.park(lane, goOn => {
        if (goOn) this.#advance(lane)
        else this.#disowned(lane, () => this.#advance(lane))
      })
      return false
    }
    const gate = this.#options.routes.get(next.message.header.route)?.gate
    if (gate?.isFull) {
      this.#waitOutside(lane, gate)
      return false
    }
    lane.take()
    const wish = this.#run(lane, next)
    gate?.callNext()
    if (wish === undefined) return true
    if (wish instanceof Promise) void wish.then(late => this.#decided(lane, next, late))
    else this.#decided(lane, next, wish)
    return false
  }

  /** All places of its route are taken: it gives its own up, and comes back to the lanes that are ready. */
  #waitOutside(lane: Lane, gate: Gate): void {
    const pumpSoon = (): void => queueMicrotask(() => this.#pump())
    gate.wait(() => {
      if (this.#over) return false
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
  #goOn(lane: Lane): void {
    if (this.#ready.size > 0) this.#release(lane)
    else this.#advance(lane)
  }

  /**
   * Another worker is said to hold the partition. Either the group has gone on without this one, which then hears of it within two heartbeats: until
   * then nothing is begun. Or the store is wrong, for this assignment stands: it is put right, and `again` is called.
   */
  #disowned(lane: Lane, again: () => void): void {
    if (this.stands) this.#stopped = true
    const look = async (): Promise<void> => {
      if (this.stands && !(await this.#parts.handover.reclaim())) {
        setTimeout(look, RECLAIM_MS)
        return
      }
      if (!this.stands) {
        this.#release(lane)
        return
      }
      this.#stopped = false
      again()
      this.#pump()
    }
    setTimeout(look, RECLAIM_MS)
  }

  #release(lane: Lane): void {
    if (this.#over) return
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
    if (own.running === 0 && this.#parts.handover.ended(lane.session)) this.#parts.lateEnded(lane.session)
  }

  #finished(lane: Lane, { entry }: LaneMessage): void {
    lane.unfinished--
    if (lane.unfinished === 0) lane.settled?.()
    entry.complete = true
    this.#end(lane)
    this.#lanes.rest(lane)
  }

  /** After a handler: the next one, or the failed message becomes its session's head before anything else of it moves. */
  #decided(lane: Lane, laneMessage: LaneMessage, wish: AttemptWish): void {
    if (wish === undefined) {
      this.#goOn(lane)
      return
    }
    lane.unfinished--
    this.#retryLater(lane, laneMessage, wish)
  }

  #retryLater(lane: Lane, laneMessage: LaneMessage, wish: NonNullable<AttemptWish>): void {
    this.#parts.parking.retryLater(lane, laneMessage, wish, lane.isOrdered, goOn => {
      this.#end(lane)
      if (goOn) this.#goOn(lane)
      else {
        this.#disowned(lane, () => {
          this.#begin(lane)
          this.#retryLater(lane, laneMessage, wish)
        })
      }
    })
  }
}
