/** For tests: a connection's decoder, past the handshake where the dialect has one. */

import type { Dialect, DialectDecoder, DialectMessage } from './dialect.ts'
import { controlFrame } from './handshake.ts'

/** The server's first number of every handshake in tests, and the client's. */
export const SERVER_NUMBER = 5_000
export const CLIENT_NUMBER = 1_000

/** What a client sends before its first message. */
export function opening({ table: { handshake } }: Dialect): Uint8Array {
  if (handshake === undefined) return new Uint8Array(0)
  const frames = [controlFrame(handshake, handshake.syn, CLIENT_NUMBER), controlFrame(handshake, handshake.ack, SERVER_NUMBER + 1)]
  return Buffer.concat(frames)
}

/** A decoder that expects a message. */
export function openDecoder(dialect: Dialect, maxPayload = 1_024): DialectDecoder {
  const decoder = dialect.decoder({ maxPayload, number: SERVER_NUMBER })
  const failure = decoder.push(opening(dialect), [])
  if (failure !== undefined) throw failure
  return decoder
}

/** What a decoder makes of the reads. */
export function decode(dialect: Dialect, reads: Iterable<Uint8Array>, maxPayload?: number) {
  const decoder = openDecoder(dialect, maxPayload)
  const messages: DialectMessage[] = []
  for (const read of reads) {
    const error = decoder.push(read, messages)
    if (error !== undefined) return { messages, error, buffered: decoder.buffered }
  }
  return { messages, error: undefined, buffered: decoder.buffered }
}

/** The payload as it stands in the frame: of Modbus not JSON. */
export function wirePayload({ table }: Dialect, { bytes, at, end }: DialectMessage): Uint8Array {
  const trailer = table.checksum === undefined ? 0 : { crc8: 1, 'crc16-modbus': 2, crc32: 4 }[table.checksum.algorithm]
  return bytes.subarray(at + table.headerSize, end - (table.checksum?.field === undefined ? trailer : 0))
}
