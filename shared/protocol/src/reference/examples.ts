/** Bytes that show what a dialect does, made from its table: what a client may send, and what is refused. */

import { compileDialect } from '../dialect/compile.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { largest, writeNumber } from '../dialect/field.ts'
import { controlFrame } from '../dialect/handshake.ts'
import { Layout } from '../dialect/layout.ts'
import { MODBUS_FUNCTIONS, modbusBytes } from '../dialect/modbus-function.ts'
import { utf8Encode } from '../utf8.ts'

/** Limits under which examples are decoded. */
export const EXAMPLE_MAX_PAYLOAD = 1_024
/** First numbers of a handshake: the client's and the server's. */
export const EXAMPLE_CLIENT = 1_000
export const EXAMPLE_SERVER = 5_000

/** Bytes and what they are. */
export interface Example {
  readonly meaning: string
  readonly bytes: Uint8Array
}

/** What a client sends before its first message. */
export function openingOf({ table: { handshake } }: Dialect): Uint8Array {
  if (handshake === undefined) return new Uint8Array(0)
  return joined(controlFrame(handshake, handshake.syn, EXAMPLE_CLIENT), controlFrame(handshake, handshake.ack, EXAMPLE_SERVER + 1))
}

/** Frames that are taken. */
export function goodExamples(dialect: Dialect): Example[] {
  const { table } = dialect
  const examples = table.modbus === undefined ? plainExamples(dialect) : modbusExamples(dialect)
  if (table.heartbeat !== undefined) {
    examples.push({ meaning: 'heartbeat', bytes: request(dialect, table.heartbeat, new Uint8Array(0)) })
  }
  if (table.bareHeartbeat !== undefined) {
    examples.push({ meaning: `the bare bytes ${table.bareHeartbeat.question}`, bytes: utf8Encode(table.bareHeartbeat.question) })
  }
  return examples
}

function plainExamples(dialect: Dialect): Example[] {
  const { framing, headerSize, checksum, request: asked = 1 } = dialect.table
  const padded = framing.by === 'fixed' ? framing.size - headerSize - new Layout(dialect.table).trailer : 2
  const payload = new Uint8Array(padded)
  payload.set(utf8Encode('hi').subarray(0, padded))
  const hi = request(dialect, asked, payload)
  const examples = [{ meaning: 'a request, payload hi', bytes: hi }]
  if (framing.by !== 'fixed') examples.push({ meaning: 'a request without a payload', bytes: request(dialect, asked, new Uint8Array(0)) })
  examples.push({ meaning: 'two requests in one read', bytes: joined(hi, hi) })
  if (framing.by === 'delimiter' && framing.ignore !== undefined) {
    const line = Uint8Array.of(...hi.subarray(0, -1), framing.ignore, framing.delimiter)
    examples.push({ meaning: 'a request with the ignored byte before the delimiter', bytes: line })
  }
  if (checksum?.onMismatch === 'refuse')
    examples.push({ meaning: 'a request whose checksum is wrong: it is to be sent again', bytes: flipped(hi) })
  return examples
}

function modbusExamples(dialect: Dialect): Example[] {
  const examples = Object.entries(MODBUS_FUNCTIONS).map(([code, { name, kind, of }]) => {
    // address 1; 2 values, or a coil that is on, or the number 2
    const pdu = [0, 1, ...(kind === 'writeOne' && of === 'bits' ? [0xff, 0] : [0, 2])]
    const values = kind === 'writeMany' ? [modbusBytes(of, 2), ...(of === 'bits' ? [0b10] : [0, 10, 1, 2])] : []
    return { meaning: `function ${code}, ${name}`, bytes: request(dialect, Number(code), Uint8Array.of(...pdu, ...values)) }
  })
  examples.push(
    { meaning: 'a read of no registers: exception 3', bytes: request(dialect, 3, Uint8Array.of(0, 0, 0, 0)) },
    { meaning: 'a read of 126 registers: exception 3', bytes: request(dialect, 3, Uint8Array.of(0, 0, 0, 126)) },
    { meaning: 'a read beyond the last address: exception 2', bytes: request(dialect, 3, Uint8Array.of(0xff, 0xff, 0, 2)) },
    { meaning: 'a write whose byte count is wrong: exception 3', bytes: request(dialect, 16, Uint8Array.of(0, 0, 0, 2, 2, 0, 10)) },
    { meaning: 'a function that nobody serves: exception 1', bytes: request(dialect, 7, new Uint8Array(0)) },
  )
  return examples
}

/** Frames that end the connection. */
export function badExamples(dialect: Dialect): Example[] {
  const { table } = dialect
  const [{ bytes: hi }] = goodExamples(dialect)
  const examples: Example[] = []
  for (const field of table.fields) {
    if (field.constant === undefined) continue
    const wrong = Uint8Array.from(hi)
    writeNumber(wrong, 0, field, field.constant === 0 ? 1 : field.constant - 1)
    examples.push({ meaning: `a wrong ${field.name}`, bytes: wrong })
  }
  const layout = new Layout(table)
  if (table.framing.by === 'length') {
    const length = layout.field(table.framing.field)
    const claims = (value: number): Uint8Array => {
      const header = hi.slice(0, table.headerSize)
      writeNumber(header, 0, length, value)
      return header
    }
    examples.push({ meaning: `the largest ${length.name}`, bytes: claims(largest(length)) })
    if (length.type === 'i32') examples.push({ meaning: `a negative ${length.name}`, bytes: claims(-1) })
    if (table.framing.counts !== 'payload') examples.push({ meaning: `a ${length.name} of 0, below what it counts`, bytes: claims(0) })
  }
  if (table.framing.by === 'delimiter') {
    const { delimiter } = table.framing
    examples.push({
      meaning: 'more than a payload may have, and no delimiter',
      bytes: new Uint8Array(3 * EXAMPLE_MAX_PAYLOAD).fill(delimiter === 0x61 ? 0x62 : 0x61),
    })
  }
  if (table.checksum !== undefined && table.checksum.onMismatch !== 'refuse') {
    examples.push({ meaning: 'a wrong checksum', bytes: flipped(hi) })
  }
  return examples
}

/** Exchanges of a handshake: each frame the client sends in turn, ending well or not. */
export function handshakeExamples({ table: { handshake } }: Dialect): (Example & { readonly ends: boolean })[] {
  if (handshake === undefined) return []
  const syn = controlFrame(handshake, handshake.syn, EXAMPLE_CLIENT)
  const ack = controlFrame(handshake, handshake.ack, EXAMPLE_SERVER + 1)
  return [
    { meaning: 'SYN, then ACK', bytes: joined(syn, ack), ends: false },
    { meaning: 'SYN twice: the same SYN-ACK twice; ACK twice', bytes: joined(syn, syn, ack, ack), ends: false },
    { meaning: 'a SYN whose checksum is wrong', bytes: flipped(syn), ends: true },
    { meaning: 'an ACK of another number', bytes: joined(syn, controlFrame(handshake, handshake.ack, EXAMPLE_SERVER)), ends: true },
    {
      meaning: 'a second SYN of another number',
      bytes: joined(syn, controlFrame(handshake, handshake.syn, EXAMPLE_CLIENT + 1)),
      ends: true,
    },
    { meaning: 'an ACK before the SYN', bytes: ack, ends: true },
  ]
}

/** Of a dialect with addresses, to unit 1; with numbers, under the number 7. */
function request(dialect: Dialect, operation: number, payload: Uint8Array): Uint8Array {
  const { correlation, modbus } = dialect.table
  const unit = modbus === undefined ? undefined : new Layout(dialect.table).field(modbus.unit)
  const addressed = unit === undefined ? dialect : withUnit(dialect, unit.name)
  const number = correlation === undefined ? undefined : typeof correlation === 'string' ? 7 : 7 * 256 + 1
  return addressed.encodeRequest({ operation: dialect.table.operation === undefined ? undefined : operation, correlation: number, payload })
}

/** The dialect with 1 as the unit where nobody says otherwise. */
function withUnit({ table }: Dialect, unit: string): Dialect {
  return compileDialect({ ...table, fields: table.fields.map(field => (field.name === unit ? { ...field, default: 1 } : field)) })
}

/** The last bit of a frame is another. */
function flipped(bytes: Uint8Array): Uint8Array {
  const wrong = Uint8Array.from(bytes)
  wrong[wrong.length - 1] ^= 1
  return wrong
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
