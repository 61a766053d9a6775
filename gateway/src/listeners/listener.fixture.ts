import { once } from 'node:events'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import type { ListenerConfig } from '@causeway/config'
import { until } from '@causeway/testing'
import { type FakeGateway, fakeGateway } from '../gateway.fixture.ts'
import { tcpListener } from './tcp-listener.ts'
import type { TlsPort } from './tls-port.ts'

/** A client's socket and what it was told. */
export class Visitor {
  readonly socket: Socket
  #told: Buffer = Buffer.alloc(0)
  ended = false
  error: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#told = Buffer.concat([this.#told, chunk])
    })
    socket.on('error', (error: Error & { code?: string }) => {
      this.error = error.code ?? error.message
    })
    socket.on('close', () => {
      this.ended = true
    })
  }

  send(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  }

  get hex(): string {
    return this.#told.toString('hex')
  }

  get text(): string {
    return this.#told.toString('latin1')
  }

  /** Until the other side has ended the connection. */
  async end(): Promise<void> {
    await until(() => this.ended, { what: 'the end of the connection' })
  }
}

/** A listener on the inside of a gateway. Dispose of it. */
export class ListenerUnderTest {
  readonly gateway: FakeGateway
  readonly server: Server
  readonly #visitors: Visitor[] = []

  private constructor(gateway: FakeGateway, server: Server) {
    this.gateway = gateway
    this.server = server
  }

  /** Without a role, the shared port. */
  static async open(
    settings: Parameters<typeof fakeGateway>[0],
    role?: Partial<ListenerConfig>,
    tls?: (gateway: FakeGateway) => TlsPort,
  ): Promise<ListenerUnderTest> {
    const gateway = fakeGateway(settings)
    const listener = role && { port: 0, dialect: 'vmol', auth: 'none' as const, ...role }
    const server = tcpListener(gateway.context, listener, tls?.(gateway))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ListenerUnderTest(gateway, server)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** By `open` where it is not plain TCP. */
  visit(open: (port: number) => Socket = port => connect(port, '127.0.0.1')): Visitor {
    const visitor = new Visitor(open(this.port))
    this.#visitors.push(visitor)
    return visitor
  }

  /** Principals of the sessions that are held. */
  get principals(): string[] {
    return [...this.gateway.host.held.values()].map(({ principal }) => principal)
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#visitors) socket.destroy()
    this.server.close()
  }
}
