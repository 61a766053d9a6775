import type { OffsetEntry } from './partition-offsets.ts'
import type { StoredMessage } from './stored-message.ts'

/** A message in its lane, with the offset it holds up. */
export interface LaneMessage {
  readonly message: StoredMessage
  readonly entry: OffsetEntry
  readonly partition: number
  /** Unix ms from which it waits. */
  readonly since: number
  /** It may have been handled before: the stored marks are asked. */
  check: boolean
}

/** One session's messages at this worker: one at a time, in order. It also remembers how far the session has come (the reader's fence). */
export class Lane {
  readonly session: string
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
  /** A head stands for this session, as far as is known: every message is offered for parking. */
  head: boolean
  /** The turn of the clock in which it had its last message (Lanes). */
  usedIn = 0
  /** Called once nothing is unfinished. */
  settled: (() => void) | undefined

  /** The session's own lane, where this is one of a message that runs beside it. */
  readonly origin: Lane | undefined

  constructor(session: string, partition: number, head: boolean, origin?: Lane) {
    this.session = session
    this.partition = partition
    this.origin = origin
    this.head = head
  }

  get waiting(): number {
    return this.queue.length - this.first
  }

  get idle(): boolean {
    return !this.busy && !this.ready && this.unfinished === 0 && this.running === 0 && this.waiting === 0
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
