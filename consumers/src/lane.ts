import type { OffsetEntry } from './partition-offsets.ts'
import type { StoredMessage } from './stored-message.ts'

/** A message in its lane, with the offset it holds up. */
export interface LaneMessage {
  readonly message: StoredMessage
  readonly entry: OffsetEntry
  readonly partition: number
  /** Unix ms from which it waits for this worker. */
  readonly since: number
  /** It may have been handled before: the stored marks are asked. */
  check: boolean
}

/**
 * What is handled one at a time and in order at this worker: the messages of a session, or of a key within it. A session's own lane also remembers how far
 * the session has come (the reader's fence).
 */
export class Lane {
  readonly session: string
  /** laneOf: of a key's lane not the session alone. */
  readonly id: string
  readonly partition: number
  epoch = 0
  highest = 0
  incarnation = ''
  queue: LaneMessage[] = []
  first = 0
  /** It has a message in a handler, or waits for a store's answer. */
  busy = false
  /** It is in the list of lanes with something to do. */
  ready = false
  /** What comes may be a repeat from before the assignment: all is checked until the marks call one message fresh. */
  checking = true
  /** Finishes added and not confirmed. */
  unfinished = 0
  /** Messages begun, of lanes beside it too, whose finish or retry call has not returned. */
  running = 0
  /** A head stands for this lane, as far as is known: every message is offered for parking. */
  head: boolean
  /** The turn of the clock in which it had its last message (Lanes). */
  usedIn = 0
  /** Called once nothing is unfinished. */
  settled: (() => void) | undefined

  /** Lanes of keys, by their ids; undefined where it has none. */
  keyed: Map<string, Lane> | undefined

  /** The session's own lane, where this is one of a key, or of a message that runs beside it. */
  readonly origin: Lane | undefined

  constructor(session: string, partition: number, head: boolean, origin?: Lane, id = session) {
    this.session = session
    this.id = id
    this.partition = partition
    this.origin = origin
    this.head = head
  }

  /** False for one of a message that runs beside its session's others. */
  get isOrdered(): boolean {
    return this.origin === undefined || this.id !== this.session
  }

  get waiting(): number {
    return this.queue.length - this.first
  }

  /** It, and the lanes of its keys. */
  get idle(): boolean {
    const rests = !this.busy && !this.ready && this.unfinished === 0 && this.running === 0 && this.waiting === 0
    return rests && (this.keyed === undefined || [...this.keyed.values()].every(each => each.idle))
  }

  /** Of it, or of a key of it. */
  get hasHead(): boolean {
    return this.head || (this.keyed !== undefined && [...this.keyed.values()].some(each => each.head))
  }

  take(): LaneMessage | undefined {
    if (this.first === this.queue.length) return undefined
    const taken = this.queue[this.first++]
    if (this.first === this.queue.length) {
      this.queue = []
      this.first = 0
    }
    return taken
  }

  takeAll(): LaneMessage[] {
    const taken = this.first === 0 ? this.queue : this.queue.slice(this.first)
    this.queue = []
    this.first = 0
    return taken
  }

  putBack(messages: readonly LaneMessage[]): void {
    this.queue = [...messages, ...this.queue.slice(this.first)]
    this.first = 0
  }
}
