import type { RenewEntry } from './sessions.ts'

/** Fixed bytes of a packed renewal beside its two texts. */
const FIXED = 36

/** Packs renewals into one argument of the script (layout: script-renew.ts). */
export function packRenewals(entries: readonly RenewEntry[]): Buffer {
  let size = 0
  for (const entry of entries) size += FIXED + entry.session.length + entry.incarnation.length
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const entry of entries) {
    bytes[at++] = entry.bucket
    for (const text of [entry.session, entry.incarnation]) {
      bytes[at] = text.length
      at += 1 + bytes.write(text, at + 1, 'latin1')
    }
    const { epoch, acknowledged, storedMark, highestSeq, storedCount, admitted } = entry
    for (const number of [epoch, acknowledged, storedMark, highestSeq, storedCount, admitted]) at = bytes.writeUInt32BE(number, at)
    at = bytes.writeUInt8(entry.greeted ? 1 : 0, bytes.writeDoubleBE(entry.expiresAt, at))
  }
  return bytes
}
