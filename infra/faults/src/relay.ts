import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of the bytes of a connection. */
export interface LineFault {
  /** Bytes from the client after which the connection is reset. */
  resetAfterSent?: number
  /** Bytes to the client after which the connection is reset. */
  resetAfterReceived?: number
  /** Every piece, in both directions, comes so much later, ms. */
  delayMs?: number
  /** Pieces of one byte, each a write of its own. */
  slices?: boolean
}

/** One address in front of another: bytes go through as its faults let them. */
export class Relay {
  readonly #server: Server
  readonly #lines = new Set<Line>()
  readonly #target: number
  /** Connections that there have been. */
  accepted = 0
  /** Of connections that begin from now on, each asked anew. */
  fault: () => LineFault = () => ({})

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, client => this.#accept(client))
  }

  /** On a free port, or on this one. */
  static async to(target: number, port = 0): Promise<Relay> {
    const relay = new Relay(target)
    relay.#server.listen(port, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #accept(client: Socket): void {
    this.accepted++
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const line = new Line(client, server, this.fault(), () => this.#lines.delete(line))
    this.#lines.add(line)
  }

  /** Resets every connection that there is. */
  cut(): void {
    for (const line of [...this.#lines]) line.reset()
  }

  /** Half-open: every connection that there is stays, and nothing goes through it any more. */
  freeze(): void {
    for (const line of this.#lines) line.freeze()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.cut()
    return Promise.resolve()
  }
}

const NOTHING = Buffer.alloc(0)

/** One connection through a relay. */
class Line {
  readonly #client: Socket
  readonly #server: Socket
  readonly #fault: LineFault
  readonly #gone: () => void
  #frozen = false
  #over = false

  constructor(client: Socket, server: Socket, fault: LineFault, gone: () => void) {
    this.#client = client
    this.#server = server
    this.#fault = fault
    this.#gone = gone
    this.#pass(client, server, fault.resetAfterSent)
    this.#pass(server, client, fault.resetAfterReceived)
  }

  #pass(from: Socket, to: Socket, resetAfter = Number.POSITIVE_INFINITY): void {
    let left = resetAfter
    from.on('data', (chunk: Buffer) => {
      if (this.#frozen) return
      const piece = chunk.length > left ? chunk.subarray(0, left) : chunk
      left -= piece.length
      // what came before the reset arrives: the reset follows a turn later
      this.#write(to, piece, left === 0 ? () => setTimeout(() => this.reset(), 1) : undefined)
    })
    from.on('end', () => this.#write(to, NOTHING, () => to.end()))
    from.on('error', () => {
      if (!this.#frozen) this.reset()
    })
    from.on('close', () => {
      if (from.destroyed && to.destroyed) this.#finish()
    })
  }

  #write(to: Socket, piece: Buffer, written?: () => void): void {
    const { delayMs, slices } = this.#fault
    const write = (): void => {
      if (this.#over || this.#frozen) return
      if (slices) for (let at = 0; at < piece.length; at++) to.write(piece.subarray(at, at + 1))
      else if (piece.length > 0) to.write(piece)
      written?.()
    }
    if (delayMs === undefined) write()
    else setTimeout(write, delayMs)
  }

  reset(): void {
    if (this.#over) return
    this.#finish()
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  freeze(): void {
    this.#frozen = true
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#gone()
  }
}
