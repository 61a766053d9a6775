// node:net as the gateway gets it in a run: a server, and sockets over the simulated network.
import { EventEmitter } from 'node:events'
import type { End } from '../network.ts'
import { world } from '../world.ts'

export { BlockList, isIP, SocketAddress } from 'node:net'

class Socket extends EventEmitter {
  readonly remoteAddress = '192.0.2.1'
  readonly remotePort: number
  readonly #end: End
  #corked: Uint8Array[] | undefined

  constructor(end: End, remotePort: number) {
    super()
    this.#end = end
    this.remotePort = remotePort
    end.handlers = {
      data: bytes => this.emit('data', bytes),
      // as Node's sockets do unless told otherwise
      ended: () => {
        this.emit('end')
        this.#end.end()
        this.#end.destroy()
      },
      closed: () => this.emit('close'),
      drained: () => this.emit('drain'),
    }
  }

  get writableLength(): number {
    return this.#end.waitingBytes
  }

  write(bytes: Uint8Array): boolean {
    if (this.#corked === undefined) this.#end.write(bytes)
    else this.#corked.push(bytes)
    return this.#end.waitingBytes === 0
  }

  cork(): void {
    this.#corked ??= []
  }

  uncork(): void {
    const corked = this.#corked ?? []
    this.#corked = undefined
    this.#end.write(Buffer.concat(corked))
  }

  pause(): void {
    this.#end.pause()
  }

  resume(): void {
    this.#end.resume()
  }

  end(): void {
    this.#end.end()
  }

  destroy(): void {
    this.#end.destroy()
  }
}

class Server extends EventEmitter {
  #port = 0
  #sockets = 0

  constructor(accept: (socket: Socket) => void) {
    super()
    this.on('connection', accept)
  }

  listen(): this {
    const { network, loop } = world()
    this.#port = network.listen(end => this.emit('connection', new Socket(end, 50_000 + this.#sockets++)))
    loop.turn(loop.current, () => this.emit('listening'))
    return this
  }

  address() {
    return { address: '127.0.0.1', family: 'IPv4', port: this.#port }
  }

  close(): void {
    world().network.unlisten(this.#port)
  }
}

export const createServer = (_options: object, accept: (socket: Socket) => void): Server => new Server(accept)
