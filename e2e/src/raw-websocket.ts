import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Inbox } from './inbox.ts'
import { CLOSE_MS } from './limits.ts'

/** A frame of a server as RFC 6455, section 5.2, has it. */
export interface RawFrame {
  fin: boolean
  opcode: number
  payload: Buffer
}

export const TEXT = 1
export const BINARY = 2
export const CONTINUATION = 0
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface RawFrameParts {
  fin?: boolean
  masked?: boolean
  /** Reserved bits, as they stand in the first byte. */
  reserved?: number
  /** Length that the header claims; default the payload's. */
  length?: number
}

/** The bytes of a client's frame, right or wrong. */
export function rawFrame(opcode: number, payload: Uint8Array | string = '', parts: RawFrameParts = {}): Buffer {
  const { fin = true, masked = true, reserved = 0 } = parts
  const body = Buffer.from(payload)
  const length = parts.length ?? body.length
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head[0] = (fin ? 0x80 : 0) | reserved | opcode
  head[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, body])
  const mask = randomBytes(4)
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ mask[index & 3])])
}

/** A WebSocket of bytes, that does what it is told and nothing by itself: it answers neither pings nor closes. */
export class RawWebSocket {
  readonly socket: Socket
  /** Head of the answer to the upgrade. */
  readonly head: string
  readonly frames = new Inbox<RawFrame>()
  readonly closed: Promise<void>
  #held: Buffer

  private constructor(socket: Socket, head: string, held: Buffer) {
    this.socket = socket
    this.head = head
    this.#held = held
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    socket.on('close', () => this.frames.end('the connection is closed'))
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#read(Buffer.alloc(0))
  }

  /** Upgrades; what the server answered is in `head`, whatever it is. */
  static async open(url: string, headers: Record<string, string> = {}, path = '/ws'): Promise<RawWebSocket> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const lines = {
      Host: `${hostname}:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }
    socket.write(
      `GET ${path} HTTP/1.1\r\n${Object.entries(lines)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    )
    let answer = Buffer.alloc(0)
    while (!answer.includes('\r\n\r\n')) answer = Buffer.concat([answer, ((await once(socket, 'data')) as [Buffer])[0]])
    const end = answer.indexOf('\r\n\r\n')
    return new RawWebSocket(socket, answer.subarray(0, end).toString('latin1'), answer.subarray(end + 4))
  }

  get status(): number {
    return Number(this.head.split(' ')[1])
  }

  #read(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk])
    for (;;) {
      if (this.#held.length < 2) return
      const short = this.#held[1] & 0x7f
      const size = short < 126 ? 2 : short === 126 ? 4 : 10
      if (this.#held.length < size) return
      const length = short < 126 ? short : short === 126 ? this.#held.readUInt16BE(2) : Number(this.#held.readBigUInt64BE(2))
      if (this.#held.length < size + length) return
      const [first] = this.#held
      this.frames.add({ fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload: this.#held.subarray(size, size + length) })
      this.#held = this.#held.subarray(size + length)
    }
  }

  send(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  take(opcode: number): Promise<RawFrame> {
    return this.frames.take(`a frame of opcode ${opcode}`, frame => frame.opcode === opcode)
  }

  /** A JSON text of this type. */
  async text(type: string): Promise<Record<string, unknown>> {
    const fits = ({ opcode, payload }: RawFrame): boolean => opcode === TEXT && JSON.parse(payload.toString()).type === type
    return JSON.parse((await this.frames.take(`a text of type ${type}`, fits)).payload.toString())
  }

  /** Code and reason of the server's close frame. */
  async close(): Promise<[code: number, reason: string]> {
    const { payload } = await this.take(CLOSE)
    return [payload.readUInt16BE(0), payload.subarray(2).toString()]
  }

  /** Until the server has ended the connection. */
  async ended(): Promise<void> {
    const late = AbortSignal.timeout(CLOSE_MS)
    await Promise.race([
      this.closed,
      once(late, 'abort').then(() => Promise.reject(new Error(`the server has not ended the connection after ${CLOSE_MS} ms`))),
    ])
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}
