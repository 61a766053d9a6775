import { KEEP_ALIVE_LIMIT } from '@causeway/protocol'

/** The clock of a connection of version 2: a PING after its time in silence and every third of it, the end after thrice (docs/protocol.md, section 4). */
export class KeepAlive {
  #intervalMs: number
  #heardAt = Date.now()
  #pingedAt = 0

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** Takes the interval that the handshake settled. */
  settle(intervalMs: number): void {
    this.#intervalMs = intervalMs
  }

  heard(now: number): void {
    this.#heardAt = now
  }

  silentMs(now: number): number {
    return now - this.#heardAt
  }

  due(now: number): 'ping' | 'idle' | undefined {
    const silent = this.silentMs(now)
    if (silent >= this.#intervalMs * KEEP_ALIVE_LIMIT) return 'idle'
    if (silent < this.#intervalMs || now - this.#pingedAt < this.#intervalMs / 3) return undefined
    this.#pingedAt = now
    return 'ping'
  }
}
