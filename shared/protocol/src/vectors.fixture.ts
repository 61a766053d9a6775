/** For tests: the vectors, and the ways of feeding bytes to a decoder. */
import { readFileSync } from 'node:fs'

/** A file of vectors. */
export function readVectors<Row>(name: string): Row[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))
}

/** Bytes of a hex text. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** Hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The ways one stream of bytes may be split into reads: whole, a byte at a time, and in two at every offset. */
export function* splits(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes]
  yield Array.from(bytes, byte => Uint8Array.of(byte))
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
}
