import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import { Inbox } from './inbox.ts'
import { CLOSE_MS } from './limits.ts'

/** A frame as the page on the wire has it (docs/protocol.md, section 1). Written from that page alone, so that the page is tested too. */
export interface WireFrame {
  type: number
  flags: number
  codec: number
  opcode: number
  msgId: number
  seq: number
  /** By tag. */
  metadata: Map<number, Buffer>
  payload: Buffer
  /** Its whole bytes. */
  bytes: Buffer
}

/** Frame types by their numbers (section 2). */
export const SYN = 0x01
export const SYN_ACK = 0x02
export const ACK = 0x03
export const REQUEST = 0x10
export const RESPONSE = 0x11
export const NOTIFY = 0x12
export const PUSH = 0x13
export const ERROR = 0x14
export const CANCEL = 0x15
export const PING = 0x30
export const PONG = 0x31
export const GOAWAY = 0x33
export const CLOSE = 0x34

const META = 1
const CHECKSUM = 2
export const MORE = 4
export const REDELIVERED = 8
const HEADER = 20

export interface FrameParts {
  flags?: number
  codec?: number
  opcode?: number
  msgId?: number
  seq?: number
  /** By tag; a number becomes a u32. */
  metadata?: Record<number, string | number>
  payload?: Uint8Array | string
  checksum?: boolean
}

/** The bytes of a frame. */
export function frame(type: number, parts: FrameParts = {}): Buffer {
  const { codec = 0, opcode = 0, msgId = 0, seq = 0, metadata, payload = '', checksum = false } = parts
  const meta = metadata === undefined ? Buffer.alloc(0) : metadataBytes(metadata)
  const body = Buffer.from(payload)
  const header = Buffer.alloc(HEADER)
  header.write('4d4302', 'hex')
  header[3] = type
  header[4] = (parts.flags ?? 0) | (metadata === undefined ? 0 : META) | (checksum ? CHECKSUM : 0)
  header[5] = codec
  header.writeUInt16BE(opcode, 6)
  header.writeUInt32BE(msgId, 8)
  header.writeUInt32BE(seq, 12)
  header.writeUInt32BE(meta.length + body.length + (checksum ? 4 : 0), 16)
  const bytes = Buffer.concat([header, meta, body])
  return checksum ? Buffer.concat([bytes, u32(crc32(bytes))]) : bytes
}

function metadataBytes(metadata: Record<number, string | number>): Buffer {
  const entries = Object.entries(metadata).map(([tag, value]) => {
    const bytes = typeof value === 'number' ? u32(value) : Buffer.from(value)
    const head = Buffer.alloc(3)
    head[0] = Number(tag)
    head.writeUInt16BE(bytes.length, 1)
    return Buffer.concat([head, bytes])
  })
  const length = Buffer.alloc(2)
  const all = Buffer.concat(entries)
  length.writeUInt16BE(all.length)
  return Buffer.concat([length, all])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** JSON of a frame's payload. */
export function json<T = Record<string, unknown>>({ payload }: WireFrame): T {
  return JSON.parse(payload.toString('utf8')) as T
}

/** The first whole frame in `bytes`; undefined where it is not all there. Throws where a checksum is wrong. */
function readFrame(bytes: Buffer): WireFrame | undefined {
  if (bytes.length < HEADER || bytes.length < HEADER + bytes.readUInt32BE(16)) return undefined
  const whole = bytes.subarray(0, HEADER + bytes.readUInt32BE(16))
  if (whole.readUInt16BE(0) !== 0x4d43 || whole[2] !== 2)
    throw new Error(`no version-2 frame: ${whole.subarray(0, HEADER).toString('hex')}`)
  const flags = whole[4]
  let end = whole.length
  if ((flags & CHECKSUM) !== 0) {
    end -= 4
    if (whole.readUInt32BE(end) !== crc32(whole.subarray(0, end))) throw new Error(`wrong checksum: ${whole.toString('hex')}`)
  }
  const metadata = new Map<number, Buffer>()
  let at = HEADER
  if ((flags & META) !== 0) {
    const metadataEnd = at + 2 + whole.readUInt16BE(at)
    for (at += 2; at < metadataEnd; at += 3 + whole.readUInt16BE(at + 1)) {
      metadata.set(whole[at], whole.subarray(at + 3, at + 3 + whole.readUInt16BE(at + 1)))
    }
  }
  return {
    type: whole[3],
    flags,
    codec: whole[5],
    opcode: whole.readUInt16BE(6),
    msgId: whole.readUInt32BE(8),
    seq: whole.readUInt32BE(12),
    metadata,
    payload: whole.subarray(at, end),
    bytes: whole,
  }
}

/** Body of SYN_ACK (section 4). */
export interface SynAckBody {
  session: string
  resumeToken: string
  epoch: number
  resumed: boolean
  recovered: boolean
  lastMsgId: number
  window: { messages: number; bytes: number }
  maxPayload: number
  keepAliveMs: number
  server: { id: string; version: string }
  principal?: string
}

/** A version-2 client of a socket and bytes, that does what it is told and nothing by itself. */
export class V2Client {
  readonly socket: Socket
  readonly inbox = new Inbox<WireFrame>()
  /** Resolves when the server has ended the connection or it was lost. */
  readonly closed: Promise<void>
  #held: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    socket.on('error', error => this.inbox.end(`the connection failed: ${error.message}`))
    socket.on('close', () => this.inbox.end('the connection is closed'))
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  static async connect(port: number): Promise<V2Client> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new V2Client(socket)
  }

  /** On a socket of another kind. */
  static over(socket: Socket): V2Client {
    return new V2Client(socket)
  }

  /** Connected and through its handshake. */
  static async open(port: number, syn: object = {}): Promise<{ client: V2Client; synAck: SynAckBody }> {
    const client = await V2Client.connect(port)
    const synAck = await client.shakeHands(syn)
    return { client, synAck }
  }

  #read(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (let next = readFrame(this.#held); next !== undefined; next = readFrame(this.#held)) {
      this.#held = this.#held.subarray(next.bytes.length)
      this.inbox.add(next)
    }
  }

  send(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  async shakeHands(syn: object = {}): Promise<SynAckBody> {
    this.send(frame(SYN, { codec: 1, payload: JSON.stringify({ client: { name: 'foreign', version: '0' }, ...syn }) }))
    const answer = await this.take(SYN_ACK)
    this.send(frame(ACK))
    return json<SynAckBody>(answer)
  }

  /** The next frame of this type, and with this msgId where one is given. */
  take(type: number, msgId?: number, timeoutMs?: number): Promise<WireFrame> {
    const what = `a frame of type 0x${type.toString(16)}${msgId === undefined ? '' : ` for message ${msgId}`}`
    return this.inbox.take(what, each => each.type === type && (msgId === undefined || each.msgId === msgId), timeoutMs)
  }

  /** RESPONSE or ERROR of this message, whichever comes. */
  answer(msgId: number, timeoutMs?: number): Promise<WireFrame> {
    const fits = (each: WireFrame): boolean => (each.type === RESPONSE || each.type === ERROR) && each.msgId === msgId
    return this.inbox.take(`an answer to message ${msgId}`, fits, timeoutMs)
  }

  /** Waits for the server to end the connection. */
  async ended(timeoutMs = CLOSE_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the server has not ended the connection after ${timeoutMs} ms`)), timeoutMs)
    })
    try {
      await Promise.race([this.closed, late])
    } finally {
      clearTimeout(timer)
    }
  }

  cut(): void {
    this.socket.destroy()
  }

  [Symbol.dispose](): void {
    this.cut()
  }
}

/** A REQUEST to a route by name, as most tests send it. */
export function request(msgId: number, route: string, payload: Uint8Array | string | object = '', parts: FrameParts = {}): Buffer {
  const plain = typeof payload === 'string' || payload instanceof Uint8Array
  return frame(REQUEST, {
    msgId,
    codec: plain ? 0 : 1,
    payload: plain ? payload : JSON.stringify(payload),
    ...parts,
    metadata: { 3: route, ...parts.metadata },
  })
}
