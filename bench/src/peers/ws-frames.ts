import { randomBytes } from 'node:crypto'

/** FIN and opcode 2 (RFC 6455, 5.2). */
const BINARY = 0x82
const MASKED = 0x80
/** A length that says: 16 bits of it follow. */
const LENGTH_16 = 126
/** Opcode, length, and its 16 bits: all that stands before a server's payload of 126 B to 64 KiB. */
export const SERVER_HEADER_SIZE = 4
const MASK_SIZE = 4

/** The opening handshake of a client; with a protocol it offers that one. */
export function upgradeRequest(port: number, { path = '/', protocol }: { path?: string; protocol?: string } = {}): Buffer {
  const key = randomBytes(16).toString('base64')
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** A client's binary message in one frame, masked; of 126 B to 64 KiB. */
export function clientFrame(payload: Buffer): Buffer {
  if (payload.length < LENGTH_16 || payload.length > 0xffff)
    throw new RangeError(`clientFrame: ${payload.length} B, expected 126 to 65,535`)
  const head = SERVER_HEADER_SIZE + MASK_SIZE
  const frame = Buffer.allocUnsafe(head + payload.length)
  frame[0] = BINARY
  frame[1] = MASKED | LENGTH_16
  frame.writeUInt16BE(payload.length, 2)
  const mask = randomBytes(MASK_SIZE)
  mask.copy(frame, SERVER_HEADER_SIZE)
  for (let i = 0; i < payload.length; i++) frame[head + i] = payload[i] ^ mask[i % MASK_SIZE]
  return frame
}

/** Where a server's binary message of this size that begins at `at` ends; -1 while it is incomplete. Throws where another frame stands there. */
export function serverFrameEnd(bytes: Buffer, at: number, size: number): number {
  if (bytes.length - at < SERVER_HEADER_SIZE) return -1
  if (bytes[at] !== BINARY || bytes[at + 1] !== LENGTH_16 || bytes.readUInt16BE(at + 2) !== size) throw new Error('NOT_THE_ECHO')
  const end = at + SERVER_HEADER_SIZE + size
  return end > bytes.length ? -1 : end
}
