/** How the frames of a table are measured, checked and sealed. Like the version-2 decoder, it judges a header before a byte of body is held. */
import { ProtocolError } from '../errors.ts'
import { CHECKSUM_STARTS, CHECKSUM_TYPES, checksumOf } from './checksum.ts'
import type { NumberPlace } from './field.ts'
import { FIELD_SIZES, largest, readNumber, writeNumber } from './field.ts'
import type { DelimiterFraming, DialectChecksum, DialectField, LayoutTable, OperationFraming } from './table.ts'

/** A table's frames. */
export class Layout {
  readonly table: LayoutTable
  readonly headerSize: number
  /** Bytes of a checksum that ends the frame. */
  readonly trailer: number
  /** A header with every constant and default in its place. */
  readonly fresh: Uint8Array
  readonly #constants: readonly DialectField[]
  readonly #length: DialectField | undefined
  /** What the length counts besides the payload. */
  readonly #beside: number
  readonly #operation: DialectField | undefined
  readonly #checksum: DialectChecksum | undefined
  /** Where the checksum stands: from the frame's start, or where it ends the frame from its own place. */
  readonly #sum: NumberPlace

  constructor(table: LayoutTable) {
    this.table = table
    this.headerSize = table.headerSize
    const { checksum, framing } = table
    this.#checksum = checksum
    this.trailer = trailerOf(table)
    this.#sum =
      checksum?.field === undefined
        ? { offset: 0, type: CHECKSUM_TYPES[checksum?.algorithm ?? 'crc8'], little: checksum?.little }
        : this.field(checksum.field)
    this.#constants = table.fields.filter(field => field.constant !== undefined)
    this.#length = framing.by === 'length' ? this.field(framing.field) : undefined
    this.#beside = lengthBeside(table)
    this.#operation = table.operation === undefined ? undefined : this.field(table.operation)
    this.fresh = new Uint8Array(table.headerSize)
    for (const field of table.fields) writeNumber(this.fresh, 0, field, field.constant ?? field.default ?? 0)
  }

  /** The field of that name; the table has been checked. */
  field(name: string): DialectField {
    return this.table.fields.find(field => field.name === name)!
  }

  /** The whole size of the frame at `at`, or, as a negative number, how many bytes of it are needed to tell. Throws ProtocolError. */
  measure(bytes: Uint8Array, at: number, end: number, maxPayload: number): number {
    if (end - at < this.headerSize) return -this.headerSize
    for (const field of this.#constants) {
      const value = readNumber(bytes, at, field)
      if (value !== field.constant) throw wrongConstant(field, value)
    }
    const { framing } = this.table
    if (framing.by === 'length') return this.#measureLength(bytes, at, maxPayload, framing.maximum)
    if (framing.by === 'fixed') return framing.size
    return this.#measureOperation(bytes, at, end, framing as OperationFraming)
  }

  #measureLength(bytes: Uint8Array, at: number, maxPayload: number, maximum: number | undefined): number {
    const beside = this.#beside
    const field = this.#length!
    const length = readNumber(bytes, at, field)
    if (length < beside) throw new ProtocolError('BAD_FRAME', `${field.name} is ${length}, expected at least ${beside}`)
    const most = maximum === undefined ? maxPayload : Math.min(maximum - beside, maxPayload)
    if (length - beside > most) throw new ProtocolError('TOO_LARGE', `${field.name} is ${length}, expected at most ${most + beside}`)
    return this.headerSize + length - beside + this.trailer
  }

  #measureOperation(bytes: Uint8Array, at: number, end: number, framing: OperationFraming): number {
    const rule = framing.sizes[readNumber(bytes, at, this.#operation!)]
    if (rule === undefined) return this.#searchChecksum(bytes, at, end, framing.maximum)
    if (typeof rule === 'number') return rule
    return end - at <= rule.at ? -(rule.at + 1) : rule.plus + bytes[at + rule.at]
  }

  /** An operation of unknown size: its frame ends where the checksum first fits, so that it can be refused and the next one be found. */
  #searchChecksum(bytes: Uint8Array, at: number, end: number, maximum: number): number {
    const { algorithm, from = 0 } = this.#checksum!
    let sum = CHECKSUM_STARTS[algorithm]
    let summed = at + from
    const last = Math.min(end, at + maximum) - this.trailer
    for (let place = at + this.headerSize; place <= last; place++) {
      sum = checksumOf(algorithm, bytes, summed, place, sum)
      summed = place
      if (readNumber(bytes, place, this.#sum) === sum) return place + this.trailer - at
    }
    if (end - at < maximum) return -(end - at + 1)
    throw new ProtocolError('BAD_FRAME', `no ${algorithm} fits within ${maximum} bytes`)
  }

  /** What is wrong with the checksum of the frame bytes[start, end); undefined where it fits. */
  checksumFault(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (this.#checksum === undefined) return undefined
    const got = readNumber(bytes, this.#sumBase(start, end), this.#sum)
    const expected = this.#summed(bytes, start, end)
    if (got === expected) return undefined
    return `${this.#checksum.algorithm} is 0x${got.toString(16)}, expected 0x${expected.toString(16)}`
  }

  /** What the place of the checksum counts from. */
  #sumBase(start: number, end: number): number {
    return this.trailer === 0 ? start : end - this.trailer
  }

  #summed(bytes: Uint8Array, start: number, end: number): number {
    const { algorithm, covers, from = 0 } = this.#checksum!
    const place = this.#sumBase(start, end) + this.#sum.offset
    const before = checksumOf(algorithm, bytes, start + from, place)
    if (covers !== 'others') return before
    return checksumOf(algorithm, bytes, place + FIELD_SIZES[this.#sum.type], end, before)
  }

  /** A new frame that wears the header at `header[at]`, with its payload and length; its checksum is still to be sealed. Throws RangeError where the payload doesn't fit. */
  frame(header: Uint8Array, at: number, payload: Uint8Array): Uint8Array {
    const { framing } = this.table
    const { headerSize, trailer } = this
    const room = framing.by === 'fixed' ? framing.size - headerSize - trailer : payload.length
    const most = Math.min(room, this.#mostPayload)
    if (payload.length > most) {
      throw new RangeError(`payload has ${payload.length} bytes, expected at most ${most} in ${this.table.name}`)
    }
    const frame = new Uint8Array(headerSize + room + trailer)
    for (let index = 0; index < headerSize; index++) frame[index] = header[at + index]
    frame.set(payload, headerSize)
    if (this.#length !== undefined) writeNumber(frame, 0, this.#length, payload.length + this.#beside)
    return frame
  }

  get #mostPayload(): number {
    if (this.#length === undefined) return Number.POSITIVE_INFINITY
    return largest(this.#length) - this.#beside
  }

  /** Puts the checksum in, and where a delimiter ends frames the escapes and the delimiter. Throws RangeError where the frame can't be delimited. */
  seal(frame: Uint8Array): Uint8Array {
    if (this.#checksum !== undefined) {
      writeNumber(frame, this.#sumBase(0, frame.length), this.#sum, this.#summed(frame, 0, frame.length))
    }
    const { framing } = this.table
    return framing.by === 'delimiter' ? delimited(frame, framing) : frame
  }
}

/** Bytes of a checksum that ends the frame. */
export function trailerOf({ checksum }: Pick<LayoutTable, 'checksum'>): number {
  return checksum === undefined || checksum.field !== undefined ? 0 : FIELD_SIZES[CHECKSUM_TYPES[checksum.algorithm]]
}

function lengthBeside(table: LayoutTable): number {
  const { framing, headerSize, fields } = table
  if (framing.by !== 'length' || framing.counts === 'payload') return 0
  if (framing.counts === 'frame') return headerSize + trailerOf(table)
  const field = fields.find(({ name }) => name === framing.field)!
  return headerSize - field.offset - FIELD_SIZES[field.type] + trailerOf(table)
}

function delimited(frame: Uint8Array, framing: DelimiterFraming): Uint8Array {
  const { delimiter, escape: escapeByte, ignore } = framing
  const endsIgnored = ignore !== undefined && frame.length > 0 && frame[frame.length - 1] === ignore
  const plain = !endsIgnored && !frame.includes(delimiter) && (escapeByte === undefined || !frame.includes(escapeByte))
  if (!plain && escapeByte === undefined) {
    const held = endsIgnored
      ? `ends in 0x${ignore.toString(16)}, which is ignored there`
      : `holds the delimiter 0x${delimiter.toString(16)}`
    throw new RangeError(`payload ${held}, and the dialect has no escape`)
  }
  const body = plain ? frame : escaped(frame, framing)
  const out = new Uint8Array(body.length + 1)
  out.set(body)
  out[body.length] = delimiter
  return out
}

function escaped(frame: Uint8Array, { delimiter, escape: escapeByte = 0, ignore }: DelimiterFraming): Uint8Array {
  const out = new Uint8Array(2 * frame.length)
  let size = 0
  for (let at = 0; at < frame.length; at++) {
    const byte = frame[at]
    if (byte === delimiter || byte === escapeByte || (byte === ignore && at === frame.length - 1)) out[size++] = escapeByte
    out[size++] = byte
  }
  return out.subarray(0, size)
}

function wrongConstant({ name, constant }: DialectField, value: number): ProtocolError {
  return new ProtocolError(name === 'version' ? 'UNSUPPORTED_VERSION' : 'BAD_FRAME', `${name} is ${value}, expected ${constant}`)
}
