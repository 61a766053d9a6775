import type { Transport } from './transport.ts'

/** A bit each: a set would be most of what a gate weighs, and each connection has one. */
const STOPS = { handshake: 1, window: 2, choked: 4, leaving: 8 } as const

/** Why a connection is not read just now. */
export type ReadStop = keyof typeof STOPS

/** Reading on and off for several reasons at once: a connection is read while none of them stands. */
export class ReadGate {
  readonly #transport: Transport
  /** Those that stand. */
  #stops = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  get shut(): boolean {
    return this.#stops !== 0
  }

  stop(reason: ReadStop): void {
    if (this.#stops === 0) this.#transport.pauseReading()
    this.#stops |= STOPS[reason]
  }

  /** Returns whether the connection is read again by this. */
  go(reason: ReadStop): boolean {
    if ((this.#stops & STOPS[reason]) === 0) return false
    this.#stops &= ~STOPS[reason]
    if (this.#stops !== 0) return false
    this.#transport.resumeReading()
    return true
  }
}
