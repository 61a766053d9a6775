/** Cuts frames out of the stream. What is held is what was received, never what a header claims. */
import { ProtocolError } from '../errors.ts'
import { HeldBytes } from '../held-bytes.ts'
import { NO_BYTES } from '../utf8.ts'
import type { DelimiterFraming } from './table.ts'

/** Gets the place of each whole frame, a view of what was read where it came in one. Throws ProtocolError. */
export type TakeFrame = (bytes: Uint8Array, start: number, end: number) => void

/** What cuts frames. */
export interface FrameCutter {
  push(chunk: Uint8Array): void
  readonly buffered: number
  /** Forgets what is held. */
  clear(): void
}

/** Tells the whole size of the frame at `at`, or, as a negative number, how many bytes of it are needed to tell. Throws ProtocolError. */
export type Measure = (bytes: Uint8Array, at: number, end: number) => number

/** Cuts frames whose size their beginning tells. */
export class MeasuredCutter implements FrameCutter {
  readonly #measure: Measure
  readonly #take: TakeFrame
  readonly #held = new HeldBytes()
  /** Bytes the held frame needs before it is looked at again. */
  #need = 0

  constructor(measure: Measure, take: TakeFrame) {
    this.#measure = measure
    this.#take = take
  }

  get buffered(): number {
    return this.#held.length
  }

  clear(): void {
    this.#held.clear()
  }

  push(chunk: Uint8Array): void {
    const end = chunk.length
    let at = 0
    while (this.#held.length > 0 && at < end) {
      const to = Math.min(at + this.#need - this.#held.length, end)
      const piece = chunk.subarray(at, to)
      at = to
      if (this.#held.length + piece.length < this.#need) {
        this.#held.add(piece)
        return
      }
      const joined = this.#held.join(piece)
      const size = this.#measure(joined, 0, joined.length)
      if (size === joined.length) this.#take(joined, 0, size)
      else this.#hold(joined, size)
    }
    while (at < end) {
      const size = this.#measure(chunk, at, end)
      if (size <= 0 || at + size > end) {
        this.#hold(chunk.subarray(at), size)
        return
      }
      this.#take(chunk, at, at + size)
      at += size
    }
  }

  #hold(bytes: Uint8Array, size: number): void {
    this.#held.add(bytes)
    this.#need = Math.abs(size)
  }
}

/** Cuts frames that a delimiter ends; what is taken has the escapes and the ignored byte removed. */
export class DelimiterCutter implements FrameCutter {
  readonly #framing: DelimiterFraming
  /** Bytes of a frame, and with every one of them escaped. */
  readonly #maximum: number
  readonly #rawMaximum: number
  readonly #take: TakeFrame
  readonly #held = new HeldBytes()
  /** The last byte was an escape. */
  #escaped = false
  /** The frame so far has escapes. */
  #escapes = false

  constructor(framing: DelimiterFraming, maximum: number, take: TakeFrame) {
    this.#framing = framing
    this.#maximum = maximum
    this.#rawMaximum = (framing.escape === undefined ? maximum : 2 * maximum) + (framing.ignore === undefined ? 0 : 1)
    this.#take = take
  }

  get buffered(): number {
    return this.#held.length
  }

  clear(): void {
    this.#held.clear()
  }

  push(chunk: Uint8Array): void {
    let from = 0
    for (let at = this.#next(chunk, 0); at >= 0; at = this.#next(chunk, from)) {
      this.#bound(this.#held.length + at - from, this.#rawMaximum)
      if (this.#held.length === 0) this.#plain(chunk, from, at)
      else {
        const joined = this.#held.join(at === from ? NO_BYTES : chunk.subarray(from, at))
        this.#plain(joined, 0, joined.length)
      }
      this.#escapes = false
      from = at + 1
    }
    this.#bound(this.#held.length + chunk.length - from, this.#rawMaximum)
    if (from < chunk.length) this.#held.add(chunk.subarray(from))
  }

  /** Where the next delimiter stands that no escape hides; -1 where none does. */
  #next(chunk: Uint8Array, from: number): number {
    const { delimiter, escape: escapeByte } = this.#framing
    if (escapeByte === undefined) return chunk.indexOf(delimiter, from)
    for (let at = from; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false
      else if (chunk[at] === delimiter) return at
      else if (chunk[at] === escapeByte) {
        this.#escaped = true
        this.#escapes = true
      }
    }
    return -1
  }

  #bound(size: number, most: number): void {
    if (size > most) throw new ProtocolError('TOO_LARGE', `frame has ${size} bytes and no delimiter, expected at most ${most}`)
  }

  #plain(raw: Uint8Array, start: number, end: number): void {
    const { ignore } = this.#framing
    if (this.#escapes) {
      const plain = this.#unescaped(raw, start, end)
      this.#bound(plain.length, this.#maximum)
      this.#take(plain, 0, plain.length)
      return
    }
    const to = ignore !== undefined && end > start && raw[end - 1] === ignore ? end - 1 : end
    this.#bound(to - start, this.#maximum)
    this.#take(raw, start, to)
  }

  #unescaped(raw: Uint8Array, start: number, end: number): Uint8Array {
    const { escape: escapeByte, ignore } = this.#framing
    const plain = new Uint8Array(end - start)
    let size = 0
    for (let at = start; at < end; at++) {
      if (raw[at] === escapeByte) at++
      else if (at === end - 1 && raw[at] === ignore) break
      plain[size++] = raw[at]
    }
    return plain.subarray(0, size)
  }
}
