/** What a compiled header dialect does. docs/protocol.md, section 8. */
import type { Problem, ProtocolError } from '../errors.ts'
import type { DialectTable } from './table.ts'

/** One whole frame of a dialect. */
export interface DialectMessage {
  /** A request is for a handler. The others are answered by `encodeReply`: a heartbeat, a step of the handshake, and what the dialect itself refuses without ending the connection. */
  readonly kind: 'request' | 'heartbeat' | 'handshake' | 'refused'
  /** Undefined where the header has none. */
  readonly operation: number | undefined
  /** Undefined where answers are matched by order; of two fields, the first one above the second. */
  readonly correlation: number | undefined
  readonly payload: Uint8Array
  /** Nobody waits for an answer: it went to all. */
  readonly silent: boolean
  /** Where its frame stands: bytes[at, end). The answer wears the same header. */
  readonly bytes: Uint8Array
  readonly at: number
  readonly end: number
  /** Why it is refused. */
  readonly refusal: Problem | undefined
}

/** One connection's decoder. */
export interface DialectDecoder {
  /**
   * Appends to `out` each whole frame that `chunk` completes; returns the error that ends the connection, after which nothing more is decoded.
   * No more than `most` at once (default: all): the bytes behind them wait for the next push, which may bring none of its own.
   */
  push(chunk: Uint8Array, out: DialectMessage[], most?: number): ProtocolError | undefined
  /** Whether bytes wait. */
  readonly waiting: boolean
  /** Bytes held of an incomplete frame, or waiting. */
  readonly buffered: number
}

/** How a decoder reads. */
export interface DialectDecoderOptions {
  /** Bytes a payload may have: a larger one is refused from the header alone. */
  maxPayload: number
  /** The server's first number, where the dialect has a handshake. Default: a random u32. */
  number?: number
}

/** A dialect that `compileDialect` made of its table. */
export interface Dialect {
  readonly name: string
  readonly table: DialectTable
  /** Whether answers are matched by order, so that each must wait for its turn. */
  readonly ordered: boolean
  /** Whether a connection that begins with these bytes speaks the dialect; undefined: more bytes are needed. Always false where the table isn't shared. */
  sniff(first: Uint8Array): boolean | undefined
  decoder(options: DialectDecoderOptions): DialectDecoder
  encodeRequest(init: { operation?: number; correlation?: number; payload: Uint8Array }): Uint8Array
  /** Throws RangeError where the payload doesn't fit the dialect's frame. */
  encodeAnswer(question: DialectMessage, payload: Uint8Array): Uint8Array
  /** `question` is undefined where the failure is about the connection. Empty where the dialect has no words for it. */
  encodeError(question: DialectMessage | undefined, problem: Problem): Uint8Array
  /** What the gateway itself answers a message that is no request: a heartbeat in kind, the next step of a handshake, a refusal. Empty where nothing is to be said. */
  encodeReply(message: DialectMessage): Uint8Array
}
