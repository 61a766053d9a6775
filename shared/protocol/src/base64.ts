/** Base64 (RFC 4648, section 4) of bytes, with what both browsers and Node have. */

/** Characters a single call may be given as arguments without risking the stack. */
const SLICE = 8_192

/** The base64 text of `bytes`, padded. */
export function base64Encode(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += SLICE) binary += String.fromCharCode(...bytes.subarray(at, at + SLICE))
  return btoa(binary)
}

/** The bytes of a base64 text; throws where it isn't one. */
export function base64Decode(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}
