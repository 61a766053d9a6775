import type { ConnectionContext } from '../connection-context.ts'
import { ACCEPT_BURST_MS, ACCEPT_HELD, ACCEPT_TICK_MS, ACCEPT_WAIT_MS } from '../limits.ts'

/** What comes in: a socket, of which only its end matters here. */
export interface Newcomer {
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** What becomes of it; called once. Of one that ends while it waits nothing more is said. */
export interface Reception {
  admit(): void
  /** It came with too many others: it is told so, and that there may be room after `retryAfterMs`, and ends. */
  turnAway(retryAfterMs: number): void
  /** The same, where too many are being told already: it is cut. */
  cut(): void
}

/** Time as it passes; a test has its own. */
export interface Clock {
  /** Monotonic ms. */
  now(): number
  after(ms: number, callback: () => void): void
}

const realClock: Clock = { now: () => performance.now(), after: (ms, callback) => void setTimeout(callback, ms) }

/**
 * Bounds how many connections a gateway takes a second, over all its ports together: after a network's failure all clients come back at once, and each
 * costs a call of the store. What comes beyond waits, unanswered, for its turn; what would wait too long is turned away and comes back by its back-off.
 * A gateway opens some 8,000 sessions in a second of its core: the default of 2,000 leaves most of it to those who are in.
 */
export class AcceptRate {
  #perMs!: number
  #burst!: number
  /** Most that may wait. */
  #room!: number
  readonly #clock: Clock
  /** In the order in which they came. */
  readonly #waiting = new Map<Newcomer, { reception: Reception; ended: () => void }>()
  /** Turned away, and not gone yet. */
  #leaving = 0
  #tokens: number
  #filledAt: number
  #ticking = false
  /** Connections that had to wait. */
  delayed = 0
  /** Connections that were turned away. */
  refused = 0

  /** Of so many connections a second; 0 is unbounded. */
  constructor(perSecond: number, clock: Clock = realClock) {
    this.change(perSecond)
    this.#clock = clock
    this.#tokens = this.#burst
    this.#filledAt = clock.now()
  }

  /** Takes another rate from now on. Those that wait go on waiting, by it; where it is unbounded, no longer. */
  change(perSecond: number): void {
    this.#perMs = perSecond / 1_000
    this.#burst = Math.max(1, this.#perMs * ACCEPT_BURST_MS)
    this.#room = Math.min(ACCEPT_HELD, Math.floor(this.#perMs * ACCEPT_WAIT_MS))
  }

  /** Connections that wait now. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Admits now, or in its turn, or turns away now. */
  take(newcomer: Newcomer, reception: Reception): void {
    if (this.#perMs === 0 || (this.#waiting.size === 0 && this.#token())) reception.admit()
    else if (this.#waiting.size < this.#room) this.#wait(newcomer, reception)
    else {
      this.refused++
      this.#refuse(newcomer, reception)
    }
  }

  #refuse(newcomer: Newcomer, reception: Reception): void {
    if (this.#leaving >= ACCEPT_HELD) {
      reception.cut()
      return
    }
    this.#leaving++
    newcomer.once('close', () => this.#leaving--)
    reception.turnAway(ACCEPT_WAIT_MS)
  }

  #wait(newcomer: Newcomer, reception: Reception): void {
    this.delayed++
    const ended = (): void => void this.#waiting.delete(newcomer)
    newcomer.once('close', ended)
    this.#waiting.set(newcomer, { reception, ended })
    this.#tick()
  }

  #tick(): void {
    if (this.#ticking || this.#waiting.size === 0) return
    this.#ticking = true
    const nextToken = this.#perMs === 0 ? 0 : (1 - this.#tokens) / this.#perMs
    this.#clock.after(Math.max(ACCEPT_TICK_MS, Math.ceil(nextToken)), () => {
      this.#ticking = false
      this.#admitWaiting()
      this.#tick()
    })
  }

  #admitWaiting(): void {
    for (const [newcomer, { reception, ended }] of this.#waiting) {
      if (!this.#token()) return
      this.#waiting.delete(newcomer)
      newcomer.off('close', ended)
      reception.admit()
    }
  }

  #token(): boolean {
    if (this.#perMs === 0) return true
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}

const ofGateways = new WeakMap<ConnectionContext, AcceptRate>()

/** The one rate that all ports of a gateway share. */
export function acceptRateOf(context: ConnectionContext): AcceptRate {
  let rate = ofGateways.get(context)
  if (rate === undefined) {
    rate = new AcceptRate(context.config.acceptRate)
    ofGateways.set(context, rate)
  }
  return rate
}
