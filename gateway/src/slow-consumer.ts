import { SLOW_CONSUMER_MS } from './limits.ts'
import type { Transport } from './transport.ts'

/** Watches a client that does not take what is written: it has its time as long as it takes something (docs/adr/0006). */
export class SlowConsumer {
  readonly #transport: Transport
  readonly #limitBytes: number
  #since = 0
  #waiting = 0

  constructor(transport: Transport, limitBytes: number) {
    this.#transport = transport
    this.#limitBytes = limitBytes
  }

  /** Whether more than `sendBuffer` waits to be taken. */
  get exceeded(): boolean {
    return this.#transport.waitingBytes > this.#limitBytes
  }

  get choked(): boolean {
    return this.#since !== 0
  }

  /** Begins a choke, unless one stands; calls back once everything has been taken. */
  choke(drained: () => void): void {
    if (this.choked) return
    this.#since = Date.now()
    this.#waiting = this.#transport.waitingBytes
    this.#transport.onceDrained(() => {
      this.#since = 0
      drained()
    })
  }

  /** Whether nothing was taken for too long. */
  overdue(now: number): boolean {
    if (!this.choked) return false
    const { waitingBytes } = this.#transport
    if (waitingBytes < this.#waiting) {
      this.#waiting = waitingBytes
      this.#since = now
    }
    return now - this.#since > SLOW_CONSUMER_MS
  }
}
