/** Turns a dialect's table into decode and encode. docs/protocol.md, section 8. */
import type { Problem } from '../errors.ts'
import { ProtocolError } from '../errors.ts'
import { NO_BYTES, utf8Encode } from '../utf8.ts'
import { checkTable, fieldNamed } from './check-table.ts'
import { CHECKSUM_SIZES, checksumOf } from './checksum.ts'
import type { Dialect, DialectDecoder, DialectMessage } from './dialect.ts'
import { largest, readNumber, writeNumber } from './field.ts'
import type { FrameCutter } from './framing.ts'
import { DelimiterCutter, lengthBeside, MeasuredCutter, measureOf } from './framing.ts'
import { sniffer } from './sniff.ts'
import type { DialectField, DialectTable } from './table.ts'

/** Operation of a request where neither the caller nor the table names one: the demo's echo. */
const DEFAULT_REQUEST = 1

/** The dialect of a table; throws TypeError naming the field of the table that is wrong. */
export function compileDialect(table: DialectTable): Dialect {
  checkTable(table)
  const operation = table.operation === undefined ? undefined : fieldNamed(table, table.operation)
  const correlation = table.correlation === undefined ? undefined : fieldNamed(table, table.correlation)
  const fresh = freshHeader(table)
  const seal = sealer(table)
  const withOperation = (header: Uint8Array, number: number | undefined) => setNumber(header, operation, number)

  return {
    name: table.name,
    table,
    ordered: correlation === undefined,
    sniff: sniffer(table),
    decoder: ({ maxPayload }) => new TableDecoder(table, operation, correlation, maxPayload),
    encodeRequest(init) {
      const header = withOperation(fresh, init.operation ?? table.request ?? DEFAULT_REQUEST)
      return seal(setNumber(header, correlation, init.correlation), init.payload)
    },
    encodeAnswer: (question, payload) => seal(withOperation(question.header, table.answer), payload),
    encodeError(question, problem: Problem) {
      return seal(withOperation(question?.header ?? fresh, table.error ?? table.answer), utf8Encode(JSON.stringify(problem)))
    },
    encodeHeartbeat(question) {
      if (question.header.length === 0 && table.bareHeartbeat !== undefined) return utf8Encode(table.bareHeartbeat.answer)
      return seal(question.header, question.payload)
    },
  }
}

/** A header with every constant and default in its place. */
function freshHeader(table: DialectTable): Uint8Array {
  const header = new Uint8Array(table.headerSize)
  for (const field of table.fields) writeNumber(header, 0, field, field.constant ?? field.default ?? 0)
  return header
}

/** The header with a number set, as a copy; itself where there is nothing to set. */
function setNumber(header: Uint8Array, field: DialectField | undefined, value: number | undefined): Uint8Array {
  if (field === undefined || value === undefined) return header
  if (!Number.isInteger(value) || value < 0 || value > largest(field)) {
    throw new RangeError(`${field.name} is ${value}, expected an integer from 0 to ${largest(field)}`)
  }
  const copy = new Uint8Array(header)
  writeNumber(copy, 0, field, value)
  return copy
}

/** What puts header, payload, length and checksum together. It throws RangeError where the payload doesn't fit the framing. */
function sealer(table: DialectTable): (header: Uint8Array, payload: Uint8Array) => Uint8Array {
  const { framing, headerSize, checksum } = table
  const trailer = checksum === undefined ? 0 : CHECKSUM_SIZES[checksum.algorithm]
  const beside = lengthBeside(table, trailer)
  const lengthField = framing.by === 'length' ? fieldNamed(table, framing.field) : undefined
  const most = lengthField === undefined ? Number.POSITIVE_INFINITY : largest(lengthField) - beside

  return (header, payload) => {
    const room = framing.by === 'fixed' ? framing.size - headerSize - trailer : payload.length
    if (payload.length > Math.min(room, most)) {
      throw new RangeError(`payload has ${payload.length} bytes, expected at most ${Math.min(room, most)} in ${table.name}`)
    }
    const frame = new Uint8Array(headerSize + room + trailer)
    frame.set(header)
    frame.set(payload, headerSize)
    if (lengthField !== undefined) writeNumber(frame, 0, lengthField, payload.length + beside)
    if (checksum !== undefined) {
      const offset = frame.length - trailer
      writeNumber(
        frame,
        0,
        { offset, size: trailer as DialectField['size'], little: checksum.little },
        checksumOf(checksum.algorithm, frame.subarray(0, offset)),
      )
    }
    return framing.by === 'delimiter' ? delimit(frame, framing.delimiter, framing.escape) : frame
  }
}

function delimit(frame: Uint8Array, delimiter: number, escapeByte: number | undefined): Uint8Array {
  const out: number[] = []
  for (const byte of frame) {
    if (byte === delimiter || byte === escapeByte) {
      if (escapeByte === undefined)
        throw new RangeError(`payload holds the delimiter 0x${delimiter.toString(16)}, and the dialect has no escape for it`)
      out.push(escapeByte)
    }
    out.push(byte)
  }
  out.push(delimiter)
  return Uint8Array.from(out)
}

/** One connection's decoder of a table. */
class TableDecoder implements DialectDecoder {
  readonly #table: DialectTable
  readonly #operation: DialectField | undefined
  readonly #correlation: DialectField | undefined
  readonly #trailer: number
  readonly #cutter: FrameCutter
  #failure: ProtocolError | undefined

  constructor(table: DialectTable, operation: DialectField | undefined, correlation: DialectField | undefined, maxPayload: number) {
    this.#table = table
    this.#operation = operation
    this.#correlation = correlation
    this.#trailer = table.checksum === undefined ? 0 : CHECKSUM_SIZES[table.checksum.algorithm]
    const { framing, headerSize } = table
    this.#cutter =
      framing.by === 'delimiter'
        ? new DelimiterCutter(framing, headerSize + maxPayload + this.#trailer)
        : new MeasuredCutter(measureOf(table, maxPayload))
  }

  get buffered(): number {
    return this.#cutter.buffered
  }

  push(chunk: Uint8Array, out: DialectMessage[]): ProtocolError | undefined {
    if (this.#failure !== undefined) return this.#failure
    try {
      this.#cutter.push(chunk, (bytes, start, end) => out.push(this.#decode(bytes, start, end)))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#failure = error
      this.#cutter.clear()
      return error
    }
    return undefined
  }

  #decode(bytes: Uint8Array, start: number, end: number): DialectMessage {
    const { headerSize, heartbeat, bareHeartbeat } = this.#table
    if (bareHeartbeat !== undefined && bytes[start] === bareHeartbeat.question.charCodeAt(0)) {
      return { kind: 'heartbeat', operation: heartbeat, correlation: undefined, payload: NO_BYTES, header: NO_BYTES }
    }
    if (end - start < headerSize + this.#trailer) {
      throw new ProtocolError('BAD_FRAME', `frame has ${end - start} bytes, expected at least ${headerSize + this.#trailer}`)
    }
    this.#checkSum(bytes, start, end)
    const operation = this.#operation && readNumber(bytes, start, this.#operation)
    return {
      kind: operation !== undefined && operation === heartbeat ? 'heartbeat' : 'request',
      operation,
      correlation: this.#correlation && readNumber(bytes, start, this.#correlation),
      payload: bytes.subarray(start + headerSize, end - this.#trailer),
      header: bytes.subarray(start, start + headerSize),
    }
  }

  #checkSum(bytes: Uint8Array, start: number, end: number): void {
    const { checksum } = this.#table
    if (checksum === undefined) return
    const at = end - this.#trailer
    const got = readNumber(bytes, at, { offset: 0, size: this.#trailer as DialectField['size'], little: checksum.little })
    const expected = checksumOf(checksum.algorithm, bytes.subarray(start, at))
    if (got !== expected) {
      throw new ProtocolError('BAD_CHECKSUM', `${checksum.algorithm} is 0x${got.toString(16)}, expected 0x${expected.toString(16)}`)
    }
  }
}
