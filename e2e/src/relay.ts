import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** One address in front of gateways that come and go, as an edge is: each connection goes to whatever port is the target when it begins. */
export class Relay {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  target: number

  private constructor(target: number) {
    this.target = target
    this.#server = createServer({ noDelay: true }, client => this.#accept(client))
  }

  /** Listens on `port`; default any that is free. */
  static async to(target: number, port = 0): Promise<Relay> {
    const relay = new Relay(target)
    relay.#server.listen(port, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get url(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #accept(client: Socket): void {
    const gateway = connect({ port: this.target, host: '127.0.0.1', noDelay: true })
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ]) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }

  /** Breaks every connection that there is. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  [Symbol.dispose](): void {
    this.#server.close()
    this.cut()
  }
}
