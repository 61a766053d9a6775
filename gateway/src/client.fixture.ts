import {
  decodeSynAck,
  encodeSyn,
  type Frame,
  type FrameInit,
  FrameType,
  type ProtocolError,
  type Syn,
  type SynAck,
} from '@causeway/protocol'
import { until } from '@causeway/testing'
import { Connection } from './connection.ts'
import { type FakeGateway, FakeTransport, frameOf } from './gateway.fixture.ts'
import type { GatewaySession } from './session.ts'

/** A client of version 2 at the other end of a connection's transport. */
export class FakeClient {
  readonly transport = new FakeTransport()
  readonly connection: Connection
  readonly #checksum: boolean

  constructor(gateway: FakeGateway, options: { checksum?: boolean; token?: string } = {}) {
    this.connection = new Connection(gateway.context, this.transport, options.token)
    this.#checksum = options.checksum ?? false
  }

  /** Frames of one read. */
  send(...frames: (FrameInit | Frame)[]): void {
    this.fail(undefined, ...frames)
  }

  /** The same, ended by bytes that are no frame. */
  fail(failure: ProtocolError | undefined, ...frames: (FrameInit | Frame)[]): void {
    this.connection.received(
      frames.map(frame => frameOf({ ...frame, flags: (frame.flags ?? 0) | (this.#checksum ? 2 : 0) })),
      failure,
    )
  }

  syn(syn: Syn = {}): void {
    this.send(frameOf({ type: FrameType.SYN, payload: encodeSyn(syn).subarray(20) }))
  }

  /** SYN and ACK, as a client sends them. */
  async open(syn: Syn = {}): Promise<SynAck> {
    this.syn(syn)
    await until(() => this.transport.of(FrameType.SYN_ACK).length === 1)
    this.send({ type: FrameType.ACK })
    return decodeSynAck(this.transport.of(FrameType.SYN_ACK)[0].payload)
  }

  get session(): GatewaySession {
    return this.connection.session!
  }
}

export async function openClient(gateway: FakeGateway, syn?: Syn): Promise<FakeClient> {
  const client = new FakeClient(gateway)
  await client.open(syn)
  return client
}
