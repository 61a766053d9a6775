/** A handshake of three control frames before the first message. docs/protocol.md, section 8, `mc1-handshake`. */
import { ProtocolError } from '../errors.ts'
import { writeU32 } from '../u32.ts'
import { NO_BYTES } from '../utf8.ts'
import { readNumber, writeNumber } from './field.ts'
import { Layout } from './layout.ts'
import type { HandshakeTable } from './table.ts'

/** Bytes a SYN or an ACK may carry; they have nothing to say. */
const MAX_CONTROL_PAYLOAD = 256

/** A control frame; its payload is a u32 where one is given. */
export function controlFrame(table: HandshakeTable, operation: number, number: number, payload?: number): Uint8Array {
  const layout = new Layout(table)
  const bytes = payload === undefined ? NO_BYTES : new Uint8Array(4)
  if (payload !== undefined) writeU32(bytes, 0, payload >>> 0)
  const frame = layout.frame(layout.fresh, 0, bytes)
  writeNumber(frame, 0, layout.field(table.operation), operation)
  writeNumber(frame, 0, layout.field(table.number), number >>> 0)
  return layout.seal(frame)
}

/** The server's side of one connection's handshake. */
export class Handshake {
  readonly #table: HandshakeTable
  readonly #layout: Layout
  /** Ours: the SYN-ACK's number. */
  readonly #server: number
  /** The client's; undefined before its SYN. */
  #client: number | undefined
  #open = false

  constructor(table: HandshakeTable, layout: Layout, server: number) {
    this.#table = table
    this.#layout = layout
    this.#server = server
  }

  /** Whether the frame at `at` is one of the handshake; undefined while its bytes don't tell. A client that repeated its SYN may repeat its ACK among the messages. */
  controls(bytes: Uint8Array, at: number, end: number): boolean | undefined {
    if (!this.#open) return true
    const { repeated } = this.#table
    return end - at <= repeated.at ? undefined : bytes[at + repeated.at] === repeated.value
  }

  measure(bytes: Uint8Array, at: number, end: number): number {
    return this.#layout.measure(bytes, at, end, MAX_CONTROL_PAYLOAD)
  }

  /** What answers the control frame bytes[start, end): the SYN-ACK to a SYN, however often it comes, and nothing to an ACK. Throws ProtocolError. */
  take(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const fault = this.#layout.checksumFault(bytes, start, end)
    if (fault !== undefined) throw new ProtocolError('BAD_CHECKSUM', fault)
    const { syn, synAck, ack } = this.#table
    const operation = readNumber(bytes, start, this.#layout.field(this.#table.operation))
    const number = readNumber(bytes, start, this.#layout.field(this.#table.number))
    if (operation === syn && !this.#open) {
      if (this.#client !== undefined && number !== this.#client) throw wrongNumber('SYN', number, this.#client)
      this.#client = number
      return controlFrame(this.#table, synAck, this.#server, number + 1)
    }
    if (operation !== ack || this.#client === undefined) {
      throw new ProtocolError('HANDSHAKE_EXPECTED', `type is ${operation}, expected ${this.#client === undefined ? syn : ack}`)
    }
    const expected = (this.#server + 1) >>> 0
    if (number !== expected) throw wrongNumber('ACK', number, expected)
    this.#open = true
    return NO_BYTES
  }
}

const wrongNumber = (what: string, number: number, expected: number): ProtocolError =>
  new ProtocolError('BAD_FRAME', `seq of ${what} is ${number}, expected ${expected}`)
