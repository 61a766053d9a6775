/** UTF-8 both ways, made for the short ASCII names that most frames carry. */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Characters up to which a loop beats the call into the encoder or decoder. */
const SHORT = 48

/** No bytes at all: the payload of a frame without one. */
export const NO_BYTES = new Uint8Array(0)

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function utf8Encode(text: string): Uint8Array {
  const { length } = text
  if (length > SHORT) return encoder.encode(text)
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) return encoder.encode(text)
    bytes[at] = unit
  }
  return bytes
}

/** The text of UTF-8 bytes; throws TypeError on ill-formed ones. */
export function utf8Decode(bytes: Uint8Array): string {
  return utf8Slice(bytes, 0, bytes.length)
}

/** The text of bytes[start, end); throws TypeError on ill-formed ones. */
export function utf8Slice(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return decoder.decode(bytes.subarray(start, end))
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(byte)
  }
  return text
}
