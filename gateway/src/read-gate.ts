import type { Transport } from './transport.ts'

/** Why a connection is not read just now. */
export type ReadStop = 'handshake' | 'window' | 'choked' | 'leaving'

/** Reading on and off for several reasons at once: a connection is read while none of them stands. */
export class ReadGate {
  readonly #transport: Transport
  readonly #stops = new Set<ReadStop>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  get shut(): boolean {
    return this.#stops.size > 0
  }

  stop(reason: ReadStop): void {
    if (this.#stops.size === 0) this.#transport.pauseReading()
    this.#stops.add(reason)
  }

  /** Returns whether the connection is read again by this. */
  go(reason: ReadStop): boolean {
    if (!this.#stops.delete(reason) || this.#stops.size > 0) return false
    this.#transport.resumeReading()
    return true
  }
}
