/** Tells a dialect by the constant bytes its connections begin with, on a port that several share. docs/protocol.md, section 8. */
import { utf8Encode } from '../utf8.ts'
import { FIELD_SIZES, writeNumber } from './field.ts'
import type { DialectTable } from './table.ts'

/** A function that says whether a connection begins with the dialect; undefined: more bytes are needed. */
export function sniffer(table: DialectTable): (first: Uint8Array) => boolean | undefined {
  if (!table.shared) return () => false
  const openings = [constantOpening(table)]
  if (table.bareHeartbeat !== undefined) openings.push(utf8Encode(table.bareHeartbeat.question))
  return first => {
    let open = false
    for (const opening of openings) {
      const there = Math.min(opening.length, first.length)
      let same = true
      for (let at = 0; at < there; at++) same &&= first[at] === opening[at]
      if (same && there === opening.length) return true
      open ||= same
    }
    return open ? undefined : false
  }
}

/** The bytes of the constants from offset 0 up to the first field that varies. */
function constantOpening(table: DialectTable): Uint8Array {
  const bytes = new Uint8Array(table.headerSize)
  let end = 0
  for (const field of [...table.fields].sort((left, right) => left.offset - right.offset)) {
    if (field.offset !== end || field.constant === undefined) break
    writeNumber(bytes, 0, field, field.constant)
    end += FIELD_SIZES[field.type]
  }
  return bytes.subarray(0, end)
}
