import type { Logger } from '@causeway/telemetry'
import { effectsBytes } from './effects.ts'
import { HeldFinishes } from './held-finishes.ts'
import type { FinishEntry, FinishResult, ServiceLoad, Sessions } from './sessions.ts'
import { refusesCall } from './store-refusal.ts'

/** Most entries of one call, so that no call holds the store for long. */
const CALL_ENTRIES = 1_000
/** Most bytes of frames and effects in one call; a larger single entry goes alone. */
const CALL_BYTES = 4 << 20
/** Waits between tries while the store is away, ms; doubles from the first to the last. */
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 2_000
/** Tries of a call that the store answers with an error, before it is cut in halves to find the entry to blame. */
const REFUSED_TRIES = 3

const FAILED: FinishResult = Object.freeze({ status: 'failed' })

/** Told once for each entry, in order, when its call has returned. */
export type FinishCallback = (result: FinishResult) => void

/**
 * Gathers the finishes of a turn of the event loop into one call, one call in the air; the next gathers behind it.
 * While the store is away the same call is made again until it returns: a finish is never given up, and never counted twice.
 * What the store could not do for one session is tried ten times, with all that follows of the session behind it, before its callback
 * hears `failed`; an unconfirmed session is waited for, however often the store is restarted meanwhile; a call that the store itself refuses is cut in halves until the entry to blame stands alone and fails.
 * What waits is bounded by its callers: windows at the gateway, outstanding records at the worker.
 */
export class FinishBatcher {
  readonly #sessions: Sessions
  readonly #logger: Logger
  readonly #load: (() => ServiceLoad | undefined) | undefined
  readonly #held: HeldFinishes
  #entries: FinishEntry[] = []
  #callbacks: FinishCallback[] = []
  #scheduled = false
  #flying = false
  #idle: (() => void)[] = []

  /** `load` is asked before each call. */
  constructor(sessions: Sessions, logger: Logger, load?: () => ServiceLoad | undefined) {
    this.#sessions = sessions
    this.#load = load
    this.#logger = logger
    this.#held = new HeldFinishes((entries, callbacks) => {
      this.#entries = [...entries, ...this.#entries]
      this.#callbacks = [...callbacks, ...this.#callbacks]
      this.#schedule()
    })
  }

  /** Entries not yet sent, or to be sent again. */
  get waiting(): number {
    return this.#entries.length + this.#held.size
  }

  add(entry: FinishEntry, callback: FinishCallback): void {
    if (this.#held.follows(entry, callback)) return
    this.#entries.push(entry)
    this.#callbacks.push(callback)
    this.#schedule()
  }

  /** Resolves when nothing waits and nothing is in the air. */
  idle(): Promise<void> {
    if (this.waiting === 0 && !this.#flying) return Promise.resolve()
    return new Promise(resolve => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#scheduled || this.#flying) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#launch()
    })
  }

  #launch(): void {
    if (this.#flying || this.#entries.length === 0) return
    const count = this.#fitting()
    const entries = this.#entries.length === count ? this.#entries : this.#entries.slice(0, count)
    const callbacks = this.#callbacks.length === count ? this.#callbacks : this.#callbacks.slice(0, count)
    this.#entries = entries === this.#entries ? [] : this.#entries.slice(count)
    this.#callbacks = callbacks === this.#callbacks ? [] : this.#callbacks.slice(count)
    this.#flying = true
    void this.#send(entries, 1).then(results => this.#landed(entries, callbacks, results))
  }

  #fitting(): number {
    const most = Math.min(this.#entries.length, CALL_ENTRIES)
    let bytes = 0
    for (let i = 0; i < most; i++) {
      const entry = this.#entries[i]
      bytes += entry.frame?.length ?? 0
      if (entry.kind === 'final' && entry.effects !== undefined) bytes += effectsBytes(entry.effects)
      if (bytes > CALL_BYTES && i > 0) return i
    }
    return most
  }

  #landed(entries: readonly FinishEntry[], callbacks: readonly FinishCallback[], results: readonly FinishResult[]): void {
    this.#flying = false
    let held = false
    for (let i = 0; i < results.length; i++) {
      if (this.#hold(entries[i], callbacks[i], results[i])) held = true
      else callbacks[i](results[i])
    }
    if (held) this.#holdFollowing()
    this.#launch()
    if (!this.#flying && this.waiting === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #hold(entry: FinishEntry, callback: FinishCallback, result: FinishResult): boolean {
    // FAILED is the verdict on an entry that the store refuses when it stands alone: no use in trying again
    if (result.status === 'failed') return result !== FAILED && this.#held.hold(entry, callback)
    if (result.status !== 'unconfirmed') return false
    this.#held.wait(entry, callback)
    return true
  }

  /** What was gathered meanwhile for a held session waits behind what is held. */
  #holdFollowing(): void {
    const entries = this.#entries
    const callbacks = this.#callbacks
    this.#entries = []
    this.#callbacks = []
    for (let i = 0; i < entries.length; i++) {
      if (this.#held.follows(entries[i], callbacks[i])) continue
      this.#entries.push(entries[i])
      this.#callbacks.push(callbacks[i])
    }
  }

  /** Never rejects. `tries` counts those the store has refused, this one included. */
  async #send(entries: readonly FinishEntry[], tries: number): Promise<FinishResult[]> {
    let refused = tries
    for (let failures = 0; ; failures++) {
      try {
        return await this.#sessions.finish(entries, this.#load?.())
      } catch (error) {
        this.#report(error, entries.length, failures)
        if (refusesCall(error) && refused++ >= REFUSED_TRIES) return await this.#split(entries)
        await new Promise(resolve => setTimeout(resolve, Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS)))
      }
    }
  }

  async #split(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    if (entries.length === 1) {
      const [{ session, kind }] = entries
      this.#logger.error({ session, kind }, 'sessions: the store refuses this finish')
      return [FAILED]
    }
    const middle = entries.length >> 1
    const first = await this.#send(entries.slice(0, middle), REFUSED_TRIES)
    return [...first, ...(await this.#send(entries.slice(middle), REFUSED_TRIES))]
  }

  #report(error: unknown, entries: number, failures: number): void {
    if (failures > 0 && failures % 20 !== 0) return
    this.#logger.warn({ error: (error as Error).message, entries, failures: failures + 1 }, 'sessions: finishing failed, trying again')
  }
}
