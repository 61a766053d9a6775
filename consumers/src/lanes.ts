import { laneOf } from '@causeway/protocol'
import type { Counters } from './counters.ts'
import { Lane, type LaneMessage } from './lane.ts'
import { KEYED_LANES, LANES } from './limits.ts'

/** Share of the lanes kept when idle ones are forgotten. */
const KEPT = 0.9

/**
 * The lanes of one assignment, and the reader's fence: the highest epoch and message seen of each session. What is forgotten, and
 * what comes for the first time, is held against the stored marks.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  /** Lanes in which a head stood when the assignment was taken over. */
  readonly #heads: Set<string>
  readonly #counters: Counters
  /** Nothing is known of heads in sessions that come for the first time: each is offered for parking once. */
  #headsUnknown: boolean
  #turn = 0

  /** `heads` is undefined where they could not be read. */
  constructor(heads: readonly string[] | undefined, counters: Counters) {
    this.#heads = new Set(heads)
    this.#headsUnknown = heads === undefined
    this.#counters = counters
  }

  get size(): number {
    return this.#lanes.size
  }

  /** Lanes with something in a handler, or on its way out of one. */
  get running(): Lane[] {
    return [...this.#lanes.values()].filter(lane => lane.running > 0)
  }

  of(session: string, partition: number): Lane {
    let lane = this.#lanes.get(session)
    if (lane === undefined) {
      if (this.#lanes.size >= LANES) this.#forgetIdle()
      lane = new Lane(session, partition, this.#heads.delete(session) || this.#headsUnknown)
      this.#lanes.set(session, lane)
    }
    lane.usedIn = this.#turn
    return lane
  }

  /** The lane of a key of a session. */
  keyed(origin: Lane, key: string): Lane {
    const id = laneOf(origin.session, key)
    origin.keyed ??= new Map()
    let lane = origin.keyed.get(id)
    if (lane === undefined) {
      if (origin.keyed.size >= KEYED_LANES) this.#forgetIdleKeys(origin.keyed)
      lane = new Lane(origin.session, origin.partition, this.#heads.delete(id) || this.#headsUnknown, origin, id)
      origin.keyed.set(id, lane)
    }
    return lane
  }

  /** Forgets the lane of a key that has come to rest. */
  rest(lane: Lane): void {
    if (lane.origin?.keyed?.get(lane.id) === lane && lane.idle && !lane.head) lane.origin.keyed.delete(lane.id)
  }

  #forgetIdleKeys(keyed: Map<string, Lane>): void {
    for (const [id, lane] of keyed) {
      if (!lane.idle) continue
      if (lane.head) this.#headsUnknown = true
      keyed.delete(id)
    }
  }

  /** Forgets sessions that had no message since the turn before this one, and begins the next; called by the clock. Heads are remembered: to have forgotten one costs every new session a question. */
  forgetUnused(): void {
    for (const lane of this.#lanes.values()) if (lane.usedIn < this.#turn && lane.idle && !lane.hasHead) this.#lanes.delete(lane.session)
    this.#turn++
  }

  /** False where the record is of an older epoch (its client sends it again under the newer one); marks for a check what may be a repeat. */
  fence(lane: Lane, laneMessage: LaneMessage): boolean {
    const { header } = laneMessage.message
    const known = header.incarnation === lane.incarnation
    if (known && header.epoch < lane.epoch) {
      this.#counters.fenced++
      return false
    }
    if (!known) lane.checking = true
    laneMessage.check = lane.checking || header.resent || header.msgId <= lane.highest
    lane.incarnation = header.incarnation
    lane.epoch = header.epoch
    lane.highest = known ? Math.max(lane.highest, header.msgId) : header.msgId
    return true
  }

  #forgetIdle(): void {
    let excess = this.#lanes.size - LANES * KEPT
    for (const lane of this.#lanes.values()) {
      if (excess <= 0) return
      if (!lane.idle) continue
      if (lane.hasHead) this.#headsUnknown = true
      this.#lanes.delete(lane.session)
      excess--
    }
  }
}
