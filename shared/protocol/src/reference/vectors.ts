/** Vectors of a dialect: bytes, what they are read as, and what answers them; for implementers in any language. */
import type { Dialect, DialectMessage } from '../dialect/dialect.ts'
import { readNumber } from '../dialect/field.ts'
import { MODBUS_FUNCTIONS } from '../dialect/modbus-function.ts'
import { problem } from '../errors.ts'
import { utf8Decode, utf8Encode } from '../utf8.ts'
import type { Example } from './examples.ts'
import { badExamples, EXAMPLE_MAX_PAYLOAD, EXAMPLE_SERVER, goodExamples, handshakeExamples, openingOf } from './examples.ts'

/** One message that was read. */
export interface VectorMessage {
  readonly kind: DialectMessage['kind']
  /** The header's fields by name; absent of bare bytes and of a handshake. */
  readonly fields?: Readonly<Record<string, number>>
  /** In hex, or of Modbus the JSON that its handler gets. */
  readonly payload?: string
  readonly json?: unknown
  /** Of a request: an answer, and the refusal NO_ROUTE. */
  readonly answer?: { readonly payload: string; readonly hex: string }
  readonly refusal?: { readonly code: string; readonly hex: string }
  /** Of anything else: what the gateway says to it, in hex; empty where it says nothing. */
  readonly reply?: string
}

/** Bytes that a client sends on a new connection. */
export interface Vector {
  readonly meaning: string
  /** What the client has sent before, where the dialect has a handshake. */
  readonly opening?: string
  readonly hex: string
  readonly messages: readonly VectorMessage[]
  /** The error that ends the connection, and the last bytes it is told. */
  readonly ends?: { readonly code: string; readonly hex: string }
}

/** Every vector of a dialect; its first number in a handshake is 5000, payloads have at most 1,024 bytes. */
export function vectorsOf(dialect: Dialect): Vector[] {
  const opening = openingOf(dialect)
  return [
    ...handshakeExamples(dialect).map(example => vector(dialect, example, new Uint8Array(0))),
    ...goodExamples(dialect).map(example => vector(dialect, example, opening)),
    ...badExamples(dialect).map(example => vector(dialect, example, opening)),
  ]
}

function vector(dialect: Dialect, { meaning, bytes }: Example, opening: Uint8Array): Vector {
  const decoder = dialect.decoder({ maxPayload: EXAMPLE_MAX_PAYLOAD, number: EXAMPLE_SERVER })
  decoder.push(opening, [])
  const messages: DialectMessage[] = []
  const error = decoder.push(bytes, messages)
  const before = opening.length === 0 ? {} : { opening: hexOf(opening) }
  const read = { meaning, ...before, hex: hexOf(bytes), messages: messages.map(message => vectorMessage(dialect, message)) }
  if (error === undefined) return read
  return { ...read, ends: { code: error.code, hex: hexOf(dialect.encodeError(undefined, error.problem())) } }
}

function vectorMessage(dialect: Dialect, message: DialectMessage): VectorMessage {
  const { kind, bytes, at, end, payload } = message
  const { fields, modbus } = dialect.table
  const header = at === end ? {} : { fields: Object.fromEntries(fields.map(field => [field.name, readNumber(bytes, at, field)])) }
  if (kind === 'handshake') return { kind, reply: hexOf(dialect.encodeReply(message)) }
  if (kind !== 'request')
    return { kind, ...header, ...(kind === 'heartbeat' ? { payload: hexOf(payload) } : {}), reply: hexOf(dialect.encodeReply(message)) }
  const answer = answerTo(message, modbus !== undefined)
  return {
    kind,
    ...header,
    ...(modbus === undefined ? { payload: hexOf(payload) } : { json: JSON.parse(utf8Decode(payload)) as unknown }),
    answer: { payload: modbus === undefined ? hexOf(answer) : utf8Decode(answer), hex: hexOf(dialect.encodeAnswer(message, answer)) },
    refusal: { code: 'NO_ROUTE', hex: hexOf(dialect.encodeError(message, problem('NO_ROUTE'))) },
  }
}

function answerTo({ operation = 0, payload }: DialectMessage, modbus: boolean): Uint8Array {
  if (!modbus) return payload
  const { kind, of } = MODBUS_FUNCTIONS[operation]
  if (kind !== 'read') return utf8Encode('{}')
  return utf8Encode(JSON.stringify({ values: of === 'bits' ? [true, false] : [10, 258] }))
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}
