/** The vectors, and the ways of feeding bytes to a decoder that every decoder's test needs. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

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

test('every file of vectors has rows, each with a meaning of its own', () => {
  const names = readdirSync(new URL('../vectors/', import.meta.url))
  assert.ok(names.length >= 4)
  for (const name of names) {
    const rows = readVectors<{ meaning: string; dialect?: string; text?: string }>(name.replace('.json', ''))
    const meanings = rows.map(row => `${row.dialect ?? ''}${row.text ?? ''} ${row.meaning}`)
    assert.ok(rows.length > 0, name)
    assert.equal(new Set(meanings).size, rows.length, name)
  }
})
