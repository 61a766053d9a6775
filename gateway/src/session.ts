import {
  type ErrorName,
  Flag,
  FrameType,
  frameFlags,
  frameMsgId,
  frameSeq,
  frameType,
  MAX_AHEAD,
  OUTBOX_BYTES,
  OUTBOX_MESSAGES,
  type Problem,
  patchSeq,
} from '@causeway/protocol'
import { HELD_DELIVERIES } from './limits.ts'
import { OutboxMeter } from './outbox-meter.ts'

/** What a session writes to: a connection of version 2, of causeway.json, of a dialect, or an HTTP request. */
export interface SessionOwner {
  /** Deliveries in seq order, each a version-2 frame with its seq. Returns false where the client does not read: they stay in the outbox. */
  deliver(frames: readonly Uint8Array[]): boolean
  /** A refusal: nothing was stored. */
  refuse(msgId: number, problem: Problem): void
  /** Tells the client the stored mark. */
  acknowledge(): void
  /** Messages have finished: what was held back may go on. */
  windowOpened(): void
  close(code: ErrorName, detail?: string): void
}

/** An admitted message that is not finished. */
export interface Pending {
  readonly msgId: number
  /** The message admitted before it. */
  readonly prev: number
  /** Whose worker handles it; '' where this gateway has not admitted it. */
  readonly service: string
  readonly request: boolean
  readonly bytes: number
  /** Unix ms; Infinity for notifications that brought none. */
  readonly deadline: number
  /** Monotonic ms. */
  readonly admittedAt: number
  stored: boolean
  /** Its TIMEOUT is on its way. */
  ending: boolean
}

export interface SessionIdentity {
  id: string
  bucket: number
  incarnation: string
  epoch: number
  principal: string
}

/** The gateway's half of a session it holds: numbers, window, marks, and what is to be written. Pure but for its owner. */
export class GatewaySession implements SessionIdentity {
  readonly id: string
  readonly bucket: number
  readonly incarnation: string
  readonly epoch: number
  readonly principal: string
  owner: SessionOwner | undefined
  /** Unix ms at which a session without a connection leaves this gateway's memory. */
  detachedUntil = 0
  /** Highest message number seen, refused ones included: one not above is a repeat. */
  lastMsgId = 0
  /** Highest admitted: the `prev` of the next. */
  lastAdmitted = 0
  /** All admitted up to it are stored. */
  storedMark = 0
  /** How many messages were admitted up to it, in the session's whole life. */
  storedCount = 0
  /**
   * After a resume the client sends again what it does not know to be stored, and an earlier gateway may have stored it all the same: up to
   * here a refusal could not promise that nothing happened (G4). 0 where there was no gateway before.
   */
  maybeStoredUpTo = 0
  /** The client has waited a tick for its ACK: the next write takes it along, the next tick sends it alone. */
  acknowledgementDue = false
  /** Not finished, by msgId; NONE_PENDING until there is one. */
  #pending = NONE_PENDING
  unfinishedBytes = 0
  /** Which track it takes of services that have several. */
  tracks: Map<string, string> | undefined
  /** Until when, in monotonic ms, its messages are held back so that it can leave a track; 0 where it is to leave none. */
  leavesBy = 0
  /** At its resume, messages up to it were not all finished, and this gateway does not know where they are; 0 where it does. */
  unsettledUpTo = 0
  /** No pending message ends before it; Infinity where there is none. */
  earliestDeadline = Number.POSITIVE_INFINITY
  /** Number of the next delivery to write. */
  nextSeq = 1
  /** Its client has ended the handshake of this connection. */
  greeted = false
  /** Up to here it was told at its resume that deliveries may be missing. */
  lostUpTo = 0
  /** The last delivery there was before that hole; none of the hole's numbers is one that could be acknowledged. */
  holeFrom = Number.POSITIVE_INFINITY
  /** Highest delivery seen, written or not. */
  highestSeq = 0
  /** Cumulative acknowledgement of the client. */
  acknowledged = 0
  /** Unix ms of the next renewal of the lease. */
  renewAt = 0
  outgoing: Uint8Array[] = []
  /** It is in its host's list of sessions to write. */
  dirty = false
  /** Deliveries are being read from the outbox: what comes is held. */
  catchingUp = false
  /** Something was missed while the outbox was being read. */
  readAgain = false
  /** What its client has not acknowledged, as far as this gateway has seen it. */
  readonly outbox = new OutboxMeter()
  /** Deliveries passed by unwritten: the outbox is to be read when the client reads again. */
  missed = false
  /** Finished before the resume, above the done mark. */
  readonly finishedBefore: Set<number>
  /** Deliveries behind a gap; NONE_HELD until there is one. */
  #held = NONE_HELD
  readonly #unstored: { readonly msgId: number; stored: boolean }[] = []
  #unstoredFirst = 0
  #oldest = 0

  constructor(identity: SessionIdentity, finishedBefore: readonly number[] = []) {
    this.id = identity.id
    this.bucket = identity.bucket
    this.incarnation = identity.incarnation
    this.epoch = identity.epoch
    this.principal = identity.principal
    this.finishedBefore = finishedBefore.length === 0 ? NONE_FINISHED : new Set(finishedBefore)
  }

  get pending(): ReadonlyMap<number, Pending> {
    return this.#pending
  }

  /** Whether a message of so many bytes fits into the window now. A first message fits whatever its size. */
  hasRoom(msgId: number, bytes: number, maxMessages: number, maxBytes: number): boolean {
    if (this.outboxFull) return false
    if (this.pending.size === 0) return true
    if (this.pending.size >= maxMessages || this.unfinishedBytes + bytes > maxBytes) return false
    if (msgId - this.#oldest < MAX_AHEAD) return true
    this.#oldest = this.pending.keys().next().value!
    return msgId - this.#oldest < MAX_AHEAD
  }

  /** Until its client acknowledges, nothing is admitted that would be answered into it. */
  get outboxFull(): boolean {
    return this.unacknowledged >= OUTBOX_MESSAGES || this.outbox.bytes >= OUTBOX_BYTES
  }

  /** Deliveries that its client has not acknowledged, the numbers of a hole not counted. */
  get unacknowledged(): number {
    const hole = this.acknowledged <= this.holeFrom && this.holeFrom < this.lostUpTo ? this.lostUpTo - this.holeFrom : 0
    return this.highestSeq - this.acknowledged - hole
  }

  /** The outbox has been read to its end: what was told to be lost, and is not there, will not come. */
  passHole(): void {
    if (this.nextSeq > this.lostUpTo) return
    this.holeFrom = this.nextSeq - 1
    this.nextSeq = this.lostUpTo + 1
  }

  admit(pending: Pending): void {
    if (this.pending.size === 0) this.#oldest = pending.msgId
    if (this.#pending === NONE_PENDING) this.#pending = new Map()
    this.#pending.set(pending.msgId, pending)
    this.unfinishedBytes += pending.bytes
    this.lastAdmitted = pending.msgId
    if (pending.deadline < this.earliestDeadline) this.earliestDeadline = pending.deadline
    if (!pending.stored) this.#unstored.push(pending)
  }

  /** The log has it (or never will): the stored mark moves over everything that is settled before it. */
  stored(pending: { stored: boolean }): void {
    pending.stored = true
    const unstored = this.#unstored
    while (this.#unstoredFirst < unstored.length && unstored[this.#unstoredFirst].stored) {
      this.storedMark = unstored[this.#unstoredFirst++].msgId
      this.storedCount++
    }
    if (this.#unstoredFirst === unstored.length || this.#unstoredFirst > MAX_AHEAD) {
      unstored.splice(0, this.#unstoredFirst)
      this.#unstoredFirst = 0
    }
  }

  /** A message that was finished before the resume has come again: it is stored, and the mark moves over it in its turn. */
  storedBefore(msgId: number): void {
    this.finishedBefore.delete(msgId)
    this.lastMsgId = msgId
    this.lastAdmitted = msgId
    const repeat = { msgId, stored: false }
    this.#unstored.push(repeat)
    this.stored(repeat)
  }

  /** A message has ended; returns it where it was pending. */
  settle(msgId: number): Pending | undefined {
    const pending = this.pending.get(msgId)
    if (pending === undefined) return undefined
    this.#pending.delete(msgId)
    this.unfinishedBytes -= pending.bytes
    if (this.pending.size === 0) this.earliestDeadline = Number.POSITIVE_INFINITY
    return pending
  }

  /** Pending messages whose deadline has passed, none of them twice. */
  takeExpired(now: number): Pending[] {
    const expired: Pending[] = []
    let earliest = Number.POSITIVE_INFINITY
    for (const pending of this.pending.values()) {
      if (pending.ending) continue
      if (pending.deadline <= now) {
        pending.ending = true
        expired.push(pending)
      } else if (pending.deadline < earliest) earliest = pending.deadline
    }
    this.earliestDeadline = earliest
    return expired
  }

  /**
   * Takes a delivery from a wake-up. Returns the message it ends, if it ends one; `gap` is set where deliveries before it are missing.
   */
  take(seq: number, frame: Uint8Array): { gap: boolean } {
    if (seq > this.highestSeq) this.highestSeq = seq
    if (seq < this.nextSeq) return NO_GAP
    if (this.catchingUp || this.missed || seq > this.nextSeq) {
      if (this.#held === NONE_HELD) this.#held = new Map()
      if (this.#held.size < HELD_DELIVERIES && !this.missed) this.#held.set(seq, frame)
      return this.catchingUp || this.missed ? NO_GAP : GAP
    }
    this.#write(seq, frame)
    this.#writeHeld()
    return NO_GAP
  }

  /** The client does not read: these stay in the outbox, and are read from there when it does. */
  passBy(frames: readonly Uint8Array[]): void {
    this.missed = true
    this.nextSeq = frameSeq(frames[0])
  }

  /** Takes a delivery read from the outbox. */
  takeKept(seq: number, frame: Uint8Array): void {
    if (seq > this.highestSeq) this.highestSeq = seq
    if (seq === this.nextSeq) this.#write(seq, frame)
  }

  /** Deliveries before this one are kept nowhere any more: its client has been told so. */
  skipTo(seq: number): void {
    if (seq > this.nextSeq) this.nextSeq = seq
  }

  /** Whether its client knows that nothing comes before this delivery. */
  isTold(seq: number): boolean {
    return seq - 1 <= this.lostUpTo
  }

  /** Lowest delivery held behind a gap; 0 where there is none. */
  get gapBefore(): number {
    let lowest = 0
    for (const seq of this.#held.keys()) if (seq >= this.nextSeq && (lowest === 0 || seq < lowest)) lowest = seq
    return lowest
  }

  /**
   * The outbox has been read up to what it has: held deliveries follow. `again`: a gap stands and the outbox is to be read once more. `lost`: it stood
   * before the read as well (`gapBefore`), so what is missing is not in the outbox any more, whose entry comes before its wake-up.
   */
  fillGap(gapBefore: number): 'whole' | 'again' | 'lost' {
    this.catchingUp = false
    this.#writeHeld()
    for (const seq of this.#held.keys()) if (seq < this.nextSeq) this.#held.delete(seq)
    const gap = this.gapBefore
    if (gap === 0) return 'whole'
    if (gap === gapBefore && !this.isTold(gap)) return 'lost'
    if (gap === gapBefore) {
      this.skipTo(gap)
      this.#writeHeld()
    }
    this.catchingUp = this.gapBefore !== 0
    return this.catchingUp ? 'again' : 'whole'
  }

  #writeHeld(): void {
    if (this.#held.size === 0) return
    for (let frame = this.#held.get(this.nextSeq); frame !== undefined; frame = this.#held.get(this.nextSeq)) {
      this.#held.delete(this.nextSeq)
      this.#write(this.nextSeq, frame)
    }
  }

  #write(seq: number, frame: Uint8Array): void {
    patchSeq(frame, seq)
    this.nextSeq = seq + 1
    this.outgoing.push(frame)
  }
}

// Nothing is ever added to these, which sessions share: empty tables of its own would weigh more than an idle session itself.
const NONE_FINISHED = new Set<number>()
const NONE_PENDING = new Map<number, Pending>()
const NONE_HELD = new Map<number, Uint8Array>()

const NO_GAP = Object.freeze({ gap: false })
const GAP = Object.freeze({ gap: true })

/** The client message that a delivery ends; 0 for a push and for all chunks of a stream but the last. */
export function endedBy(frame: Uint8Array): number {
  const type = frameType(frame)
  const ends = type === FrameType.ERROR || (type === FrameType.RESPONSE && (frameFlags(frame) & Flag.MORE) === 0)
  return ends ? frameMsgId(frame) : 0
}
