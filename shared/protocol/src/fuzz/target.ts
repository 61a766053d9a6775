/** What is fuzzed: a decoder, bytes it is known to take or refuse, and what is done with what it reads. */
import type { Dialect, DialectMessage } from '../dialect/dialect.ts'
import { DIALECTS } from '../dialect/dialects.ts'
import type { ProtocolError } from '../errors.ts'
import { problem } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { encodeFrame } from '../frame.ts'
import { FrameDecoder } from '../frame-decoder.ts'
import { FrameType } from '../frame-type.ts'
import { EXAMPLE_SERVER, openingOf } from '../reference/examples.ts'
import { vectorsOf } from '../reference/vectors.ts'
import { NO_BYTES, utf8Encode } from '../utf8.ts'

/** Bytes a payload may have: small, so that mutated lengths fall on both sides. */
const MAX_PAYLOAD = 1_024

/** One connection's decoder. */
export interface Connection {
  /** What was read of `chunk`, in words that two runs can be compared by; at most so many messages, where the decoder has such a bound. */
  push(chunk: Uint8Array, most?: number): { read: string[]; error: ProtocolError | undefined }
  /** Whether bytes wait for the next push. */
  readonly waiting: boolean
  readonly buffered: number
}

export interface Target {
  readonly name: string
  /** Whole inputs to mutate. */
  readonly seeds: readonly Uint8Array[]
  /** A large frame, or the largest there is, without its last byte. */
  readonly endless: Uint8Array
  open(maxPayload?: number): Connection
}

/** Every target by name: `version2` and the dialects. */
export function targets(dialects: readonly Dialect[] = Object.values(DIALECTS)): Map<string, Target> {
  return new Map([versionTwo(), ...dialects.map(dialectTarget)].map(target => [target.name, target]))
}

/** A dialect: each message is answered in every way there is, which must not throw but for an answer that doesn't fit. */
export function dialectTarget(dialect: Dialect): Target {
  const seeds = vectorsOf(dialect).map(({ opening: before = '', hex }) => Uint8Array.from(Buffer.from(before + hex, 'hex')))
  return {
    name: dialect.name,
    seeds,
    endless: endlessOf(dialect),
    open(maxPayload = MAX_PAYLOAD) {
      const decoder = dialect.decoder({ maxPayload, number: EXAMPLE_SERVER })
      return {
        push(chunk, most) {
          const messages: DialectMessage[] = []
          const error = decoder.push(chunk, messages, most)
          if (most !== undefined && messages.length > most) throw new Error(`${messages.length} messages were read, ${most} were asked for`)
          return { read: messages.map(message => answered(dialect, message)), error }
        },
        get buffered() {
          return decoder.buffered
        },
        get waiting() {
          return decoder.waiting
        },
      }
    },
  }
}

/** Payload sizes to try, largest first: a length of 8 or 16 bits, a Modbus PDU. */
const LARGE = [50_000, 250, 8, 0]

function endlessOf(dialect: Dialect): Uint8Array {
  const { modbus, framing, headerSize } = dialect.table
  const large = framing.by === 'fixed' ? [framing.size - headerSize, ...LARGE] : modbus === undefined ? LARGE : [252]
  for (const size of large) {
    const payload = new Uint8Array(size).fill(0x61)
    // of a Modbus write, the byte count that its size in RTU goes by
    if (modbus !== undefined) payload.set([0, 0, 0, 123, 247])
    try {
      const frame = dialect.encodeRequest({ operation: modbus === undefined ? undefined : 16, payload })
      return Uint8Array.of(...openingOf(dialect), ...frame.subarray(0, -1))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  throw new Error(`${dialect.name} has no frame to measure by`)
}

/** What a message is, and every answer to it. */
function answered(dialect: Dialect, message: DialectMessage): string {
  const { kind, operation, correlation, payload, bytes, at, end } = message
  if (at < 0 || at > end || end > bytes.length) throw new Error(`the frame is bytes ${at} to ${end} of ${bytes.length}`)
  const replies: Uint8Array[] = []
  if (kind === 'request') {
    replies.push(dialect.encodeError(message, problem('NO_ROUTE')))
    for (const answer of [payload, NO_BYTES, utf8Encode('{"values":[1]}')]) replies.push(encodedAnswer(dialect, message, answer))
  } else replies.push(dialect.encodeReply(message))
  const said = replies.map(reply => Buffer.from(reply).toString('hex')).join(' ')
  return `${kind} ${operation} ${correlation} ${Buffer.from(payload).toString('hex')} ${said}`
}

/** An answer that doesn't fit is refused with RangeError, and told as a failure. */
function encodedAnswer(dialect: Dialect, message: DialectMessage, payload: Uint8Array): Uint8Array {
  try {
    return dialect.encodeAnswer(message, payload)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return dialect.encodeError(message, problem('HANDLER_FAILED', { detail: error.message }))
  }
}

function versionTwo(): Target {
  const payload = utf8Encode('{"a":1}')
  const metadata = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    timeout: 500,
    route: 'echo',
    idempotencyKey: 'k',
  }
  const frames = [
    ...Object.values(FrameType).map(type => encodeFrame({ type, payload: NO_BYTES })),
    encodeFrame({ type: FrameType.REQUEST, codec: 1, opcode: 1, msgId: 7, payload }),
    encodeFrame({ type: FrameType.REQUEST, codec: 1, msgId: 8, metadata, payload }),
    encodeFrame({ type: FrameType.PUSH, flags: 0b1010, seq: 9, metadata, payload }),
  ].map(frame => Uint8Array.from(frame))
  const large = encodeFrame({ type: FrameType.REQUEST, codec: 1, opcode: 1, msgId: 7, payload: new Uint8Array(LARGE[0]) })
  return {
    name: 'version2',
    seeds: frames,
    endless: Uint8Array.from(large).subarray(0, -1),
    open(maxPayload = MAX_PAYLOAD) {
      const decoder = new FrameDecoder({ maxPayload })
      return {
        push(chunk) {
          const read: Frame[] = []
          const error = decoder.push(chunk, read)
          return {
            read: read.map(frame => JSON.stringify({ ...frame, payload: Buffer.from(frame.payload).toString('hex') }, textOf)),
            error,
          }
        },
        get buffered() {
          return decoder.buffered
        },
        waiting: false,
      }
    },
  }
}

const textOf = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
