import { randomBytes } from 'node:crypto'
import type { Carrier } from '../carrier.ts'
import { upgradeRequest } from '../peers/ws-frames.ts'

/** FIN and opcode 2 (RFC 6455, 5.2). */
const BINARY = 0x82
const MASKED = 0x80
/** Lengths that say: 16, or 64, bits of it follow. */
const LENGTH_16 = 126
const LENGTH_64 = 127
const MASK_SIZE = 4
const EMPTY_LINE = '\r\n\r\n'
const NOTHING = Buffer.alloc(0)

/** causeway.v2 from a client's side: each write is one masked binary message with all frames that it holds. */
export class WebSocketCarrier implements Carrier {
  readonly handshake: Buffer
  readonly #mask = randomBytes(MASK_SIZE)
  #rest: Buffer | undefined
  isOpen = false

  constructor(port: number) {
    this.handshake = upgradeRequest(port, { path: '/ws', protocol: 'causeway.v2' })
  }

  wrap(frames: Buffer): Buffer {
    const { length } = frames
    const lengthSize = length < LENGTH_16 ? 0 : length <= 0xffff ? 2 : 8
    const head = 2 + lengthSize + MASK_SIZE
    const message = Buffer.allocUnsafe(head + length)
    message[0] = BINARY
    message[1] = MASKED | (lengthSize === 0 ? length : lengthSize === 2 ? LENGTH_16 : LENGTH_64)
    if (lengthSize === 2) message.writeUInt16BE(length, 2)
    else if (lengthSize === 8) message.writeBigUInt64BE(BigInt(length), 2)
    this.#mask.copy(message, 2 + lengthSize)
    const [a, b, c, d] = this.#mask
    let i = 0
    for (; i + 3 < length; i += 4) {
      message[head + i] = frames[i] ^ a
      message[head + i + 1] = frames[i + 1] ^ b
      message[head + i + 2] = frames[i + 2] ^ c
      message[head + i + 3] = frames[i + 3] ^ d
    }
    for (; i < length; i++) message[head + i] = frames[i] ^ this.#mask[i % MASK_SIZE]
    return message
  }

  unwrap(chunk: Buffer): Buffer {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    if (!this.isOpen) {
      const end = bytes.indexOf(EMPTY_LINE)
      if (end < 0) {
        this.#rest = bytes
        return NOTHING
      }
      if (!bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) throw new Error('NO_UPGRADE')
      this.isOpen = true
      bytes = bytes.subarray(end + EMPTY_LINE.length)
    }
    const payloads = this.#payloads(bytes)
    return payloads.length === 1 ? payloads[0] : Buffer.concat(payloads)
  }

  /** Of whole binary messages; a server masks nothing. */
  #payloads(bytes: Buffer): Buffer[] {
    const payloads: Buffer[] = []
    let at = 0
    while (bytes.length - at >= 2) {
      const short = bytes[at + 1]
      const from = at + 2 + (short < LENGTH_16 ? 0 : short === LENGTH_16 ? 2 : 8)
      if (from > bytes.length) break
      const length = short < LENGTH_16 ? short : short === LENGTH_16 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
      if (from + length > bytes.length) break
      if (bytes[at] === BINARY) payloads.push(bytes.subarray(from, from + length))
      at = from + length
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at)
    return payloads
  }
}
