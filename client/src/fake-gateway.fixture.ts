/** For tests: a gateway that does what a test tells it, frame by frame. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Frame, FrameInit, Syn, SynAck } from '@causeway/protocol'
import { Codec, decodeSyn, encodeFrame, encodeSynAck, FrameDecoder, FrameType, typeName } from '@causeway/protocol'
import type { Client } from './client.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'

/** A list that can be awaited. */
class Arrivals<Item> {
  readonly #items: Item[] = []
  #wake: (() => void) | undefined

  add(item: Item): void {
    this.#items.push(item)
    this.#wake?.()
  }

  get waiting(): number {
    return this.#items.length
  }

  async next(): Promise<Item> {
    while (this.#items.length === 0) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#items.shift() as Item
  }
}

/** One connection of a client, as the test sees it. */
export class FakeConnection {
  readonly socket: Socket
  readonly #frames = new Arrivals<Frame>()
  /** Bytes and number of reads, to see how the client writes. */
  reads = 0

  constructor(socket: Socket) {
    this.socket = socket
    const decoder = new FrameDecoder()
    socket.on('error', () => {})
    socket.on('data', chunk => {
      this.reads++
      const frames: Frame[] = []
      assert.equal(decoder.push(chunk, frames), undefined)
      for (const frame of frames) this.#frames.add(frame)
    })
  }

  /** Frames that have come and no one has asked for. */
  get waiting(): number {
    return this.#frames.waiting
  }

  /** The next frame, whatever it is. */
  receiveAny(): Promise<Frame> {
    return this.#frames.next()
  }

  /** The next frame, which must be of this type. */
  async receive(type: number): Promise<Frame> {
    const frame = await this.#frames.next()
    assert.equal(typeName(frame.type), typeName(type))
    return frame
  }

  send(...frames: (FrameInit | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(frames.map(frame => (frame instanceof Uint8Array ? frame : encodeFrame(frame)))))
  }

  /** Takes the SYN, answers it, takes the third step; gives the SYN. */
  async handshake(answer: Partial<SynAck> = {}): Promise<Syn> {
    const syn = decodeSyn((await this.receive(FrameType.SYN)).payload)
    this.send(
      encodeSynAck({
        session: 's-1',
        resumeToken: 'r-1',
        epoch: 1,
        resumed: false,
        recovered: false,
        lastMsgId: 0,
        window: { messages: 1_024, bytes: 8 << 20 },
        maxPayload: 1 << 20,
        keepAliveMs: 30_000,
        server: { id: 'fake', version: '0' },
        ...answer,
      }),
    )
    await this.receive(FrameType.ACK)
    return syn
  }

  /** Answers a request with a JSON value as the next kept delivery. */
  respond(msgId: number, seq: number, value: unknown, flags = 0): void {
    this.send({ type: FrameType.RESPONSE, codec: Codec.JSON, msgId, seq, flags, payload: JSON.stringify(value) })
  }
}

/** A listening gateway. */
export class FakeGateway implements AsyncDisposable {
  readonly #server: Server
  readonly #connections = new Arrivals<FakeConnection>()
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', socket => {
      this.#sockets.add(socket)
      this.#connections.add(new FakeConnection(socket))
    })
  }

  static async listen(): Promise<FakeGateway> {
    const server = createServer()
    const gateway = new FakeGateway(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return gateway
  }

  get address(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The next connection that comes. */
  accept(): Promise<FakeConnection> {
    return this.#connections.next()
  }

  /** A client past its handshake, and its connection. */
  async pair(options: ConnectOptions = {}, answer: Partial<SynAck> = {}): Promise<{ client: Client; connection: FakeConnection }> {
    const opening = connect(this.address, { backoff: { min: 1, max: 10 }, ...options })
    const connection = await this.accept()
    await connection.handshake(answer)
    return { client: await opening, connection }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
