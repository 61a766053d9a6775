/** What a compiled header dialect does. docs/protocol.md, section 8. */
import type { Problem, ProtocolError } from '../errors.ts'
import type { DialectTable } from './table.ts'

/** One whole frame of a dialect, either way. */
export interface DialectMessage {
  kind: 'request' | 'heartbeat'
  /** Undefined where the header has none. */
  operation: number | undefined
  /** Undefined where answers are matched by order. */
  correlation: number | undefined
  payload: Uint8Array
  /** Its header as received; the answer wears the same. */
  header: Uint8Array
}

/** One connection's decoder. */
export interface DialectDecoder {
  /** Appends to `out` each whole frame that `chunk` completes; returns the error that ends the connection, after which nothing more is decoded. */
  push(chunk: Uint8Array, out: DialectMessage[]): ProtocolError | undefined
  /** Bytes held of an incomplete frame. */
  readonly buffered: number
}

/** A dialect that `compileDialect` made of its table. */
export interface Dialect {
  readonly name: string
  readonly table: DialectTable
  /** Whether answers are matched by order, so that each must wait for its turn. */
  readonly ordered: boolean
  /** Whether a connection that begins with these bytes speaks the dialect; undefined: more bytes are needed. Always false where the table isn't shared. */
  sniff(first: Uint8Array): boolean | undefined
  /** `maxPayload` in bytes is refused from the header alone. */
  decoder(options: { maxPayload: number }): DialectDecoder
  encodeRequest(init: { operation?: number; correlation?: number; payload: Uint8Array }): Uint8Array
  encodeAnswer(question: DialectMessage, payload: Uint8Array): Uint8Array
  /** `question` is undefined where the failure is about the connection. */
  encodeError(question: DialectMessage | undefined, problem: Problem): Uint8Array
  /** The heartbeat in kind: same header, same payload. */
  encodeHeartbeat(question: DialectMessage): Uint8Array
}
