import type { OpenSession, SessionInfo } from './sessions.ts'
import { FinishedMarks } from './sessions-embedded-marks.ts'
import type { Outbox } from './sessions-embedded-outbox.ts'

/** A stream that has begun and not ended. */
export interface Stream {
  run: string
  /** Number of the chunk that comes next. */
  next: number
}

/** Numbers of a stored session before its lists: epoch, seq, acknowledged, storedMark, storedCount, finished, doneMark u32, end f64, bucket u8, LOST and RENAMED u8. */
const NUMBERS_BYTES = 7 * 4 + 8 + 2
const LOST = 1
const RENAMED = 2
/** f64: an attempt may be any whole number. */
const ATTEMPT_BYTES = 8
const LAST_EMIT_BYTES = 4

/** Everything the store knows of one session; memory is the truth, written through with each group. */
export class SessionState {
  readonly session: string
  readonly bucket: number
  readonly tokenDigest: string
  readonly principal: string
  incarnation: string
  gateway: string
  expiresAt: number
  epoch = 1
  /** The highest attempt that took it over; 0 where none brought one. */
  attempt = 0
  /** Highest delivery numbered. */
  seq = 0
  acknowledged = 0
  storedMark = 0
  /** Messages admitted up to the stored mark. */
  storedCount = 0
  /** Messages finished in the session's life. */
  finished = 0
  /** The store went back, and its client has not been told yet. */
  isLost = false
  /** It has an incarnation of which its client has not been told yet: what that was told to be stored has the old one. */
  isRenamed = false
  /** Of a source session: number of its last emit. */
  lastEmit = 0
  readonly marks = new FinishedMarks()
  readonly streams = new Map<number, Stream>()
  readonly outbox: Outbox
  /** Finished without an answer since the last group. */
  finishedSilently: number[] = []

  constructor(opened: OpenSession, outbox: Outbox) {
    this.session = opened.session
    this.bucket = opened.bucket
    this.tokenDigest = opened.tokenDigest
    this.principal = opened.principal
    this.incarnation = opened.incarnation
    this.gateway = opened.gateway
    this.expiresAt = opened.expiresAt
    this.outbox = outbox
  }

  /** Numbers a delivery and keeps it. */
  deliver(frame: Uint8Array): void {
    this.outbox.add(++this.seq, frame)
  }

  /** The client has these; a number below what is known changes nothing. */
  acknowledge(seq: number): boolean {
    if (seq <= this.acknowledged) return false
    this.acknowledged = seq
    this.outbox.trim(seq)
    return true
  }

  /** Messages accepted: with the chain closed up to the stored mark, what is finished or waits; else at least what the gateway told. */
  accepted(waiting: number): number {
    const met = this.finished + waiting
    return this.marks.doneMark >= this.storedMark ? met : Math.max(this.storedCount, met)
  }

  info(waiting: number): SessionInfo {
    const { session, principal, gateway, epoch, incarnation, seq, acknowledged, storedMark, expiresAt, finished, marks } = this
    const numbers = { epoch, seq, acknowledged, storedMark, doneMark: marks.doneMark, expiresAt }
    return { session, principal, gateway, incarnation, ...numbers, accepted: this.accepted(waiting), finished, waiting }
  }
}

/** As stored: the numbers, five texts, the finished marks above doneMark, the streams, the attempt, the last emit. */
export function encodeSession(state: SessionState): Buffer {
  const texts = [state.session, state.tokenDigest, state.principal, state.incarnation, state.gateway]
  const streams = [...state.streams]
  const size =
    NUMBERS_BYTES +
    texts.reduce((sum, text) => sum + textSize(text), 0) +
    4 +
    state.marks.above * 8 +
    2 +
    streams.reduce((sum, [, { run }]) => sum + 8 + textSize(run), 0) +
    ATTEMPT_BYTES +
    LAST_EMIT_BYTES
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  const { epoch, seq, acknowledged, storedMark, storedCount, finished, marks } = state
  for (const number of [epoch, seq, acknowledged, storedMark, storedCount, finished, marks.doneMark]) at = bytes.writeUInt32BE(number, at)
  at = bytes.writeDoubleBE(state.expiresAt, at)
  at = bytes.writeUInt8(state.bucket, at)
  at = bytes.writeUInt8((state.isLost ? LOST : 0) | (state.isRenamed ? RENAMED : 0), at)
  for (const text of texts) at = writeText(bytes, at, text)
  at = bytes.writeUInt32BE(state.marks.above, at)
  for (const [msgId, prev] of state.marks.entries()) at = bytes.writeUInt32BE(prev, bytes.writeUInt32BE(msgId, at))
  at = bytes.writeUInt16BE(streams.length, at)
  for (const [msgId, { run, next }] of streams) at = writeText(bytes, bytes.writeUInt32BE(next, bytes.writeUInt32BE(msgId, at)), run)
  bytes.writeUInt32BE(state.lastEmit, bytes.writeDoubleBE(state.attempt, at))
  return bytes
}

export function decodeSession(bytes: Buffer, outbox: Outbox): SessionState {
  let at = NUMBERS_BYTES
  const text = () => {
    const length = bytes.readUInt16BE(at)
    at += 2 + length
    return bytes.toString('utf8', at - length, at)
  }
  const number = () => {
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const [session, tokenDigest, principal, incarnation, gateway] = [text(), text(), text(), text(), text()]
  const state = new SessionState(
    { session, tokenDigest, principal, incarnation, gateway, bucket: bytes.readUInt8(36), expiresAt: bytes.readDoubleBE(28) },
    outbox,
  )
  state.epoch = bytes.readUInt32BE(0)
  state.seq = bytes.readUInt32BE(4)
  state.acknowledged = bytes.readUInt32BE(8)
  state.storedMark = bytes.readUInt32BE(12)
  state.storedCount = bytes.readUInt32BE(16)
  state.finished = bytes.readUInt32BE(20)
  state.marks.doneMark = bytes.readUInt32BE(24)
  state.isLost = (bytes.readUInt8(37) & LOST) !== 0
  state.isRenamed = (bytes.readUInt8(37) & RENAMED) !== 0
  for (let left = number(); left > 0; left--) state.marks.finish(number(), number())
  const streams = bytes.readUInt16BE(at)
  at += 2
  for (let left = streams; left > 0; left--) {
    const [msgId, next] = [number(), number()]
    state.streams.set(msgId, { next, run: text() })
  }
  // a session stored before attempts were numbered ends here
  if (at < bytes.length) state.attempt = bytes.readDoubleBE(at)
  // and one stored before there were emits here
  if (at + ATTEMPT_BYTES < bytes.length) state.lastEmit = bytes.readUInt32BE(at + ATTEMPT_BYTES)
  return state
}

const textSize = (text: string): number => 2 + Buffer.byteLength(text)

function writeText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 2)
  bytes.writeUInt16BE(length, at)
  return at + 2 + length
}
