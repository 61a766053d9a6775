/** Cuts a dialect's frames out of the stream. Like the version-2 decoder, it judges a header before it holds a byte of body. */
import { ProtocolError } from '../errors.ts'
import { HeldBytes } from '../held-bytes.ts'
import { NO_BYTES, utf8Encode } from '../utf8.ts'
import { fieldNamed } from './check-table.ts'
import { CHECKSUM_SIZES } from './checksum.ts'
import { readNumber } from './field.ts'
import type { DelimiterFraming, DialectTable } from './table.ts'

/** What cuts frames: calls `take` with the place of each whole frame in `bytes`. */
export interface FrameCutter {
  push(chunk: Uint8Array, take: (bytes: Uint8Array, start: number, end: number) => void): void
  readonly buffered: number
  /** Forgets what is held. */
  clear(): void
}

/** Tells the whole size of the frame at `at`, or, as a negative number, how many bytes of it are needed to tell. Throws ProtocolError. */
export type Measure = (bytes: Uint8Array, at: number, end: number) => number

/** Cuts frames whose size their beginning tells. */
export class MeasuredCutter implements FrameCutter {
  readonly #measure: Measure
  readonly #held = new HeldBytes()
  /** Bytes the held frame needs before it is looked at again. */
  #need = 0

  constructor(measure: Measure) {
    this.#measure = measure
  }

  get buffered(): number {
    return this.#held.length
  }

  clear(): void {
    this.#held.clear()
  }

  push(chunk: Uint8Array, take: (bytes: Uint8Array, start: number, end: number) => void): void {
    let at = 0
    while (this.#held.length > 0 && at < chunk.length) {
      const to = Math.min(at + this.#need - this.#held.length, chunk.length)
      const piece = chunk.subarray(at, to)
      at = to
      if (this.#held.length + piece.length < this.#need) {
        this.#held.add(piece)
        return
      }
      const joined = this.#held.join(piece)
      const size = this.#measure(joined, 0, joined.length)
      if (size === joined.length) take(joined, 0, size)
      else this.#hold(joined, size)
    }
    while (at < chunk.length) {
      const size = this.#measure(chunk, at, chunk.length)
      if (size <= 0 || at + size > chunk.length) {
        this.#hold(chunk.subarray(at), size)
        return
      }
      take(chunk, at, at + size)
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
  readonly #maximum: number
  readonly #held = new HeldBytes()
  #escaped = false

  constructor(framing: DelimiterFraming, maximum: number) {
    this.#framing = framing
    this.#maximum = maximum
  }

  get buffered(): number {
    return this.#held.length
  }

  clear(): void {
    this.#held.clear()
  }

  push(chunk: Uint8Array, take: (bytes: Uint8Array, start: number, end: number) => void): void {
    const { delimiter, escape: escapeByte } = this.#framing
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false
      else if (chunk[at] === escapeByte) this.#escaped = true
      else if (chunk[at] === delimiter) {
        this.#bound(at - from)
        const frame = this.#plain(this.#held.join(chunk.subarray(from, at)))
        take(frame, 0, frame.length)
        from = at + 1
      }
    }
    this.#bound(chunk.length - from)
    if (from < chunk.length) this.#held.add(chunk.subarray(from))
  }

  #bound(more: number): void {
    const size = this.#held.length + more
    if (size > this.#maximum)
      throw new ProtocolError('TOO_LARGE', `frame has ${size} bytes and no delimiter, expected at most ${this.#maximum}`)
  }

  #plain(raw: Uint8Array): Uint8Array {
    const { escape: escapeByte, ignore } = this.#framing
    const end = ignore !== undefined && raw.at(-1) === ignore ? raw.length - 1 : raw.length
    if (escapeByte === undefined) return raw.subarray(0, end)
    const plain = new Uint8Array(end)
    let size = 0
    for (let at = 0; at < end; at++) {
      if (raw[at] === escapeByte) at++
      if (at < end) plain[size++] = raw[at]
    }
    return plain.subarray(0, size)
  }
}

/** How the frames of a table are measured; `maxPayload` in bytes. */
export function measureOf(table: DialectTable, maxPayload: number): Measure {
  const { framing, headerSize } = table
  const trailer = table.checksum === undefined ? 0 : CHECKSUM_SIZES[table.checksum.algorithm]
  if (framing.by === 'delimiter') throw new TypeError(`dialect ${table.name}: a delimiter doesn't measure`)
  const constants = table.fields.filter(field => field.constant !== undefined)
  const lengthField = framing.by === 'length' ? fieldNamed(table, framing.field) : undefined
  const beside = lengthBeside(table, trailer)
  const bare = table.bareHeartbeat === undefined ? NO_BYTES : utf8Encode(table.bareHeartbeat.question)

  return (bytes, at, end) => {
    const bareSize = bare.length === 0 ? 0 : measureBare(bare, bytes, at, end)
    if (bareSize !== 0) return bareSize
    if (end - at < headerSize) return -headerSize
    for (const field of constants) {
      const value = readNumber(bytes, at, field)
      if (value !== field.constant) throw wrongConstant(field.name, value, field.constant)
    }
    if (lengthField === undefined) return framing.by === 'fixed' ? framing.size : headerSize
    const length = readNumber(bytes, at, lengthField)
    const payload = length - beside
    if (payload < 0) throw new ProtocolError('BAD_FRAME', `${lengthField.name} is ${length}, expected at least ${beside}`)
    const most = framing.by === 'length' && framing.maximum !== undefined ? Math.min(framing.maximum - beside, maxPayload) : maxPayload
    if (payload > most) throw new ProtocolError('TOO_LARGE', `${lengthField.name} is ${length}, expected at most ${most + beside}`)
    return headerSize + payload + trailer
  }
}

/** What a length counts besides the payload. */
export function lengthBeside(table: DialectTable, trailer: number): number {
  const { framing, headerSize } = table
  if (framing.by !== 'length' || framing.counts === 'payload') return 0
  const field = fieldNamed(table, framing.field)
  const before = framing.counts === 'frame' || field === undefined ? 0 : field.offset + field.size
  return headerSize - before + trailer
}

/** The size of a bare heartbeat at `at`, a negative number while it may become one, else 0. */
function measureBare(bare: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
  const there = Math.min(bare.length, end - at)
  for (let index = 0; index < there; index++) {
    if (bytes[at + index] !== bare[index]) return 0
  }
  return there === bare.length ? there : -bare.length
}

function wrongConstant(name: string, value: number, constant: number | undefined): ProtocolError {
  const code = name === 'version' ? 'UNSUPPORTED_VERSION' : 'BAD_FRAME'
  return new ProtocolError(code, `${name} is ${value}, expected ${constant}`)
}
