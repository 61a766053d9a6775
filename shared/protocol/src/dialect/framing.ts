/** Cuts frames out of the stream. What is held is what was received, never what a header claims. */
import { ProtocolError } from '../errors.ts'
import { HeldBytes } from '../held-bytes.ts'
import { NO_BYTES } from '../utf8.ts'
import type { DelimiterFraming } from './table.ts'

/** Gets the place of each whole frame, a view of what was read where it came in one; says whether the next one may follow now. Throws ProtocolError. */
export type TakeFrame = (bytes: Uint8Array, start: number, end: number) => boolean

/** What cuts frames. */
export abstract class FrameCutter {
  protected readonly take: TakeFrame
  /** Bytes of an incomplete frame. */
  protected readonly held = new HeldBytes()
  /** Bytes that came and were not looked at; nothing is held of a frame before them. */
  #rest: Uint8Array = NO_BYTES

  constructor(take: TakeFrame) {
    this.take = take
  }

  /** Whether bytes that came were not looked at: the next push begins with them. */
  get waiting(): boolean {
    return this.#rest.length > 0
  }

  get buffered(): number {
    return this.held.length + this.#rest.length
  }

  /** Forgets what is held. */
  clear(): void {
    this.held.clear()
    this.#rest = NO_BYTES
  }

  push(chunk: Uint8Array): void {
    const rest = this.#rest
    this.#rest = NO_BYTES
    const bytes = rest.length === 0 ? chunk : chunk.length === 0 ? rest : joined(rest, chunk)
    const looked = this.cut(bytes)
    if (looked < bytes.length) this.#rest = bytes.subarray(looked)
  }

  /** Takes frames until `take` says to stop; returns how many bytes were looked at. */
  protected abstract cut(chunk: Uint8Array): number
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}

/** Tells the whole size of the frame at `at`, or, as a negative number, how many bytes of it are needed to tell. Throws ProtocolError. */
export type Measure = (bytes: Uint8Array, at: number, end: number) => number

/** Cuts frames whose size their beginning tells. */
export class MeasuredCutter extends FrameCutter {
  readonly #measure: Measure
  /** Bytes the held frame needs before it is looked at again. */
  #need = 0

  constructor(measure: Measure, take: TakeFrame) {
    super(take)
    this.#measure = measure
  }

  protected cut(chunk: Uint8Array): number {
    const end = chunk.length
    let at = 0
    while (this.held.length > 0 && at < end) {
      const to = Math.min(at + this.#need - this.held.length, end)
      const piece = chunk.subarray(at, to)
      at = to
      if (this.held.length + piece.length < this.#need) {
        this.held.add(piece)
        return end
      }
      const whole = this.held.join(piece)
      const size = this.#measure(whole, 0, whole.length)
      if (size !== whole.length) this.#hold(whole, size)
      else if (!this.take(whole, 0, size)) return at
    }
    while (at < end) {
      const size = this.#measure(chunk, at, end)
      if (size <= 0 || at + size > end) {
        this.#hold(chunk.subarray(at), size)
        return end
      }
      at += size
      if (!this.take(chunk, at - size, at)) return at
    }
    return end
  }

  #hold(bytes: Uint8Array, size: number): void {
    this.held.add(bytes)
    this.#need = Math.abs(size)
  }
}

/** Cuts frames that a delimiter ends; what is taken has the escapes and the ignored byte removed. */
export class DelimiterCutter extends FrameCutter {
  readonly #framing: DelimiterFraming
  /** Bytes of a frame, and with every one of them escaped. */
  readonly #maximum: number
  readonly #rawMaximum: number
  /** The last byte was an escape. */
  #escaped = false
  /** The frame so far has escapes. */
  #escapes = false

  constructor(framing: DelimiterFraming, maximum: number, take: TakeFrame) {
    super(take)
    this.#framing = framing
    this.#maximum = maximum
    this.#rawMaximum = (framing.escape === undefined ? maximum : 2 * maximum) + (framing.ignore === undefined ? 0 : 1)
  }

  protected cut(chunk: Uint8Array): number {
    let from = 0
    for (let at = this.#next(chunk, 0); at >= 0; at = this.#next(chunk, from)) {
      this.#bound(this.held.length + at - from, this.#rawMaximum)
      const raw = this.held.length === 0 ? chunk : this.held.join(chunk.subarray(from, at))
      const goOn = raw === chunk ? this.#plain(chunk, from, at) : this.#plain(raw, 0, raw.length)
      this.#escapes = false
      from = at + 1
      if (!goOn) return from
    }
    this.#bound(this.held.length + chunk.length - from, this.#rawMaximum)
    if (from < chunk.length) this.held.add(chunk.subarray(from))
    return chunk.length
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

  #plain(raw: Uint8Array, start: number, end: number): boolean {
    const { ignore } = this.#framing
    if (this.#escapes) {
      const plain = this.#unescaped(raw, start, end)
      this.#bound(plain.length, this.#maximum)
      return this.take(plain, 0, plain.length)
    }
    const to = ignore !== undefined && end > start && raw[end - 1] === ignore ? end - 1 : end
    this.#bound(to - start, this.#maximum)
    return this.take(raw, start, to)
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
