import { connect, type Socket } from 'node:net'
import type { LoadConnection, LoadOptions } from '../generate.ts'

/** One connection's talk: it is opened, brought to where messages could follow, and closed. */
export interface Visit {
  /** Sent first. */
  readonly first: Uint8Array
  /** All that was wanted has come; what `read` then returned closes the connection. */
  readonly isOver: boolean
  /** What to send for what came; undefined where more has to come. Throws where it is refused. */
  read(chunk: Buffer): Uint8Array | undefined
}

/** Addresses of this machine that connections come from in turn: one has 28,000 ports, and each is kept for a while. */
const ADDRESSES = 32

let dialled = 0

/** One visit after the other, each on a connection of its own; what one took counts as an answer's time. */
export class ConnectLoop implements LoadConnection {
  readonly #options: LoadOptions
  readonly #begin: () => Visit
  #socket: Socket | undefined
  #closing = false

  constructor(options: LoadOptions, begin: () => Visit) {
    this.#options = options
    this.#begin = begin
  }

  start(): void {
    const { port, observer } = this.#options
    const visit = this.#begin()
    const from = performance.now()
    let failure: string | undefined
    const localAddress = `127.0.0.${2 + (dialled++ % ADDRESSES)}`
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true }, () => socket.write(visit.first))
    this.#socket = socket
    socket.on('data', chunk => {
      try {
        const answer = visit.isOver ? undefined : visit.read(chunk)
        if (answer !== undefined) socket.write(answer)
      } catch (error) {
        failure = (error as Error).message
        socket.destroy()
      }
    })
    socket.on('error', error => {
      failure ??= (error as NodeJS.ErrnoException).code ?? error.message
    })
    socket.on('close', () => {
      if (this.#closing) return
      if (failure === undefined && visit.isOver) observer.answered(performance.now() - from)
      else observer.failed(failure ?? 'LOST')
      // a server that refuses would be asked without end
      if (failure === undefined) this.start()
    })
  }

  close(): void {
    this.#closing = true
    this.#socket?.destroy()
  }
}
