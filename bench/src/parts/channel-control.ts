// How subscribers and the publisher they listen to speak of the pace: a TCP connection beside those that are measured.
import { type AddressInfo, createServer } from 'node:net'
import { tellServing } from '../node-part.ts'

/** A number on this connection, bytes (u32, big-endian). */
export const WORD = 4

/** Where subscribers connect to, a JSON line from the publisher. */
export interface Subscribable {
  port: number
  /** By a session of version 2 and a SUBSCRIBE; else the connection alone is enough. Either way a RESPONSE says when. */
  isGateway: boolean
}

/** For a publisher's module: serves, and calls `publish` with how many messages are to be published now. */
export function servePublisher(where: Subscribable, publish: (count: number) => void): void {
  const server = createServer({ noDelay: true }, socket => {
    const pace = new Pace()
    let rest = Buffer.alloc(0)
    socket.write(`${JSON.stringify(where)}\n`)
    socket.on('data', chunk => {
      const bytes = Buffer.concat([rest, chunk])
      const whole = bytes.length - (bytes.length % WORD)
      for (let at = 0; at < whole; at += WORD) pace.told(bytes.readUInt32BE(at))
      rest = bytes.subarray(whole)
      const due = pace.due()
      if (due > 0) publish(due)
    })
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1', () => tellServing({ port: (server.address() as AddressInfo).port }))
}

/** So many messages are under way at any time: one is, until all subscribers together have got as many deliveries as it and those before it make. */
export class Pace {
  #subscribers = 0
  #window = 0
  #published = 0
  #delivered = 0

  /** First how many subscribers there are, then the window, then deliveries as they are got. */
  told(number: number): void {
    if (this.#subscribers === 0) this.#subscribers = number
    else if (this.#window === 0) this.#window = number
    else this.#delivered += number
  }

  /** Messages to be published now, which are taken as published. */
  due(): number {
    if (this.#window === 0) return 0
    const due = Math.floor(this.#delivered / this.#subscribers) + this.#window - this.#published
    this.#published += due
    return due
  }
}
