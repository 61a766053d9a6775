import { STATE_KEY_BYTES } from './limits.ts'

/** First byte of a kept value: what the rest is. */
const BYTES = 0
const JSON_TEXT = 1

/** A value as it is kept. Throws a TypeError where JSON can't say it. */
export function encodeStateValue(key: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.of(BYTES), value])
  const text = JSON.stringify(value)
  if (text === undefined)
    throw new TypeError(`state ${JSON.stringify(key)}: JSON can't say ${typeof value}: expected a value, or delete(key)`)
  return Buffer.concat([Buffer.of(JSON_TEXT), Buffer.from(text)])
}

/** A value of the caller's own each time. */
export function decodeStateValue(kept: Uint8Array): unknown {
  const rest = kept.subarray(1)
  return kept[0] === BYTES ? new Uint8Array(rest) : JSON.parse(Buffer.from(rest).toString())
}

/** Throws a TypeError where it is no key. */
export function checkStateKey(key: string): void {
  if (typeof key !== 'string' || key === '' || key.includes('\0') || Buffer.byteLength(key) > STATE_KEY_BYTES)
    throw new TypeError(`state key ${JSON.stringify(key)}: expected a text of 1 to ${STATE_KEY_BYTES} bytes without a zero byte`)
}
