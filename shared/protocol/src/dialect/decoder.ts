/** Reads the frames of one connection. */
import type { Problem } from '../errors.ts'
import { ProtocolError, problem } from '../errors.ts'
import { NO_BYTES, utf8Encode } from '../utf8.ts'
import type { DialectDecoder, DialectDecoderOptions, DialectMessage } from './dialect.ts'
import { FIELD_SIZES, readNumber } from './field.ts'
import type { FrameCutter, Measure } from './framing.ts'
import { DelimiterCutter, MeasuredCutter } from './framing.ts'
import { Handshake } from './handshake.ts'
import { Layout } from './layout.ts'
import { readModbusRequest } from './modbus-request.ts'
import type { DialectField, DialectTable } from './table.ts'

/** A table with what decoding looks up in it once. */
export interface Compiled {
  readonly table: DialectTable
  readonly layout: Layout
  readonly handshake: Layout | undefined
  readonly operation: DialectField | undefined
  /** None, one or two. */
  readonly correlation: readonly DialectField[]
  readonly broadcast: DialectField | undefined
  readonly unit: DialectField | undefined
  readonly bareQuestion: Uint8Array
}

/** Looks the fields of a checked table up. */
export function compiled(table: DialectTable): Compiled {
  const layout = new Layout(table)
  const { operation, correlation = [], broadcast, modbus, bareHeartbeat, handshake } = table
  return {
    table,
    layout,
    handshake: handshake === undefined ? undefined : new Layout(handshake),
    operation: operation === undefined ? undefined : layout.field(operation),
    correlation: (typeof correlation === 'string' ? [correlation] : correlation).map(name => layout.field(name)),
    broadcast: broadcast === undefined ? undefined : layout.field(broadcast.field),
    unit: modbus === undefined ? undefined : layout.field(modbus.unit),
    bareQuestion: bareHeartbeat === undefined ? NO_BYTES : utf8Encode(bareHeartbeat.question),
  }
}

/** One connection's decoder of a table. */
export class TableDecoder implements DialectDecoder {
  readonly #compiled: Compiled
  readonly #cutter: FrameCutter
  readonly #handshake: Handshake | undefined
  #out: DialectMessage[] = []
  #limit = 0
  #failure: ProtocolError | undefined

  constructor(parts: Compiled, { maxPayload, number }: DialectDecoderOptions) {
    this.#compiled = parts
    const { table, layout, handshake } = parts
    const { framing, headerSize } = table
    if (handshake !== undefined && table.handshake !== undefined) {
      this.#handshake = new Handshake(table.handshake, handshake, number ?? crypto.getRandomValues(new Uint32Array(1))[0])
    }
    const take = (bytes: Uint8Array, start: number, end: number): boolean => {
      this.#take(bytes, start, end)
      return this.#out.length < this.#limit
    }
    this.#cutter =
      framing.by === 'delimiter'
        ? new DelimiterCutter(framing, headerSize + maxPayload + layout.trailer, take)
        : new MeasuredCutter(this.#measure(maxPayload), take)
  }

  get buffered(): number {
    return this.#cutter.buffered
  }

  get waiting(): boolean {
    return this.#cutter.waiting
  }

  push(chunk: Uint8Array, out: DialectMessage[], most = Number.POSITIVE_INFINITY): ProtocolError | undefined {
    if (this.#failure !== undefined) return this.#failure
    this.#out = out
    this.#limit = out.length + most
    try {
      this.#cutter.push(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#failure = error
      this.#cutter.clear()
      return error
    } finally {
      this.#out = NOWHERE
    }
    return undefined
  }

  #measure(maxPayload: number): Measure {
    const { layout, bareQuestion } = this.#compiled
    const handshake = this.#handshake
    return (bytes, at, end) => {
      if (bareQuestion.length > 0) {
        const bare = measureBare(bareQuestion, bytes, at, end)
        if (bare !== 0) return bare
      }
      const controls = handshake?.controls(bytes, at, end)
      if (controls === true) return handshake!.measure(bytes, at, end)
      return layout.measure(bytes, at, end, maxPayload)
    }
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    const { table, layout, bareQuestion } = this.#compiled
    if (bareQuestion.length > 0 && bytes[start] === bareQuestion[0]) {
      this.#out.push(new TableMessage('heartbeat', table.heartbeat, undefined, NO_BYTES, false, bytes, end, end, undefined))
    } else if (this.#handshake?.controls(bytes, start, end)) {
      const reply = this.#handshake.take(bytes, start, end)
      this.#out.push(new TableMessage('handshake', undefined, undefined, reply, reply.length === 0, bytes, end, end, undefined))
    } else {
      const least = layout.headerSize + layout.trailer
      if (end - start < least) throw new ProtocolError('BAD_FRAME', `frame has ${end - start} bytes, expected at least ${least}`)
      this.#takeFrame(bytes, start, end)
    }
  }

  #takeFrame(bytes: Uint8Array, start: number, end: number): void {
    const { table, layout, operation: place, broadcast } = this.#compiled
    const fault = layout.checksumFault(bytes, start, end)
    if (fault !== undefined && table.checksum?.onMismatch !== 'refuse') throw new ProtocolError('BAD_CHECKSUM', fault)
    const operation = place === undefined ? undefined : readNumber(bytes, start, place)
    const silent = broadcast !== undefined && readNumber(bytes, start, broadcast) === table.broadcast!.value
    let refusal = fault === undefined ? undefined : problem('BAD_CHECKSUM', { detail: fault })
    let payload: Uint8Array = NO_BYTES
    if (refusal === undefined) {
      const read = this.#payload(bytes, start, start + layout.headerSize, end - layout.trailer, operation)
      if (read instanceof Uint8Array) payload = read
      else refusal = read
    }
    const heartbeat = operation !== undefined && operation === table.heartbeat
    const kind = refusal !== undefined ? 'refused' : heartbeat ? 'heartbeat' : 'request'
    this.#out.push(new TableMessage(kind, operation, this.#correlation(bytes, start), payload, silent, bytes, start, end, refusal))
  }

  #payload(bytes: Uint8Array, start: number, from: number, to: number, operation: number | undefined): Uint8Array | Problem {
    const { unit } = this.#compiled
    if (unit !== undefined) return readModbusRequest(readNumber(bytes, start, unit), operation ?? 0, bytes, from, to)
    return from === to ? NO_BYTES : bytes.subarray(from, to)
  }

  #correlation(bytes: Uint8Array, start: number): number | undefined {
    const [first, second] = this.#compiled.correlation
    if (first === undefined) return undefined
    const value = readNumber(bytes, start, first)
    return second === undefined ? value : value * 256 ** FIELD_SIZES[second.type] + readNumber(bytes, start, second)
  }
}

/** Where frames go outside a push: there are none. */
const NOWHERE: DialectMessage[] = []

/** Every message has one shape, whatever its dialect: what reads them stays fast. */
class TableMessage implements DialectMessage {
  readonly kind: DialectMessage['kind']
  readonly operation: number | undefined
  readonly correlation: number | undefined
  readonly payload: Uint8Array
  readonly silent: boolean
  readonly bytes: Uint8Array
  readonly at: number
  readonly end: number
  readonly refusal: Problem | undefined

  constructor(
    kind: DialectMessage['kind'],
    operation: number | undefined,
    correlation: number | undefined,
    payload: Uint8Array,
    silent: boolean,
    bytes: Uint8Array,
    at: number,
    end: number,
    refusal: Problem | undefined,
  ) {
    this.kind = kind
    this.operation = operation
    this.correlation = correlation
    this.payload = payload
    this.silent = silent
    this.bytes = bytes
    this.at = at
    this.end = end
    this.refusal = refusal
  }
}

/** The size of a bare heartbeat at `at`, a negative number while it may become one, else 0. */
function measureBare(bare: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
  const there = Math.min(bare.length, end - at)
  for (let index = 0; index < there; index++) if (bytes[at + index] !== bare[index]) return 0
  return there === bare.length ? there : -bare.length
}
