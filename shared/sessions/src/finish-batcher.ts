import type { Logger } from '@causeway/telemetry'
import type { FinishEntry, FinishResult, Sessions } from './sessions.ts'

/** Most entries of one call, so that no call holds the store for long. */
const CALL_ENTRIES = 1_000
/** Most bytes of frames in one call; a larger single frame goes alone. */
const CALL_BYTES = 4 << 20
/** Waits between tries while the store is away, ms; doubles from the first to the last. */
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 2_000

/** Told once for each entry, in order, when its call has returned. */
export type FinishCallback = (result: FinishResult) => void

/**
 * Gathers the finishes of a turn of the event loop into one call, one call in the air; the next gathers behind it.
 * While the store is away the same call is made again until it returns: a finish is never given up, and never counted twice.
 * What waits is bounded by its callers: windows at the gateway, outstanding records at the worker.
 */
export class FinishBatcher {
  readonly #sessions: Sessions
  readonly #logger: Logger
  #entries: FinishEntry[] = []
  #callbacks: FinishCallback[] = []
  #scheduled = false
  #flying = false
  #failures = 0
  #idle: (() => void)[] = []

  constructor(sessions: Sessions, logger: Logger) {
    this.#sessions = sessions
    this.#logger = logger
  }

  /** Entries not yet sent. */
  get waiting(): number {
    return this.#entries.length
  }

  add(entry: FinishEntry, callback: FinishCallback): void {
    this.#entries.push(entry)
    this.#callbacks.push(callback)
    if (this.#scheduled || this.#flying) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#launch()
    })
  }

  /** Resolves when nothing waits and nothing is in the air. */
  idle(): Promise<void> {
    if (this.#entries.length === 0 && !this.#flying) return Promise.resolve()
    return new Promise(resolve => this.#idle.push(resolve))
  }

  #launch(): void {
    if (this.#flying || this.#entries.length === 0) return
    const count = this.#fitting()
    const entries = this.#entries.length === count ? this.#entries : this.#entries.slice(0, count)
    const callbacks = this.#callbacks.length === count ? this.#callbacks : this.#callbacks.slice(0, count)
    this.#entries = entries === this.#entries ? [] : this.#entries.slice(count)
    this.#callbacks = callbacks === this.#callbacks ? [] : this.#callbacks.slice(count)
    this.#flying = true
    this.#send(entries, callbacks)
  }

  #fitting(): number {
    const most = Math.min(this.#entries.length, CALL_ENTRIES)
    let bytes = 0
    for (let i = 0; i < most; i++) {
      bytes += this.#entries[i].frame?.length ?? 0
      if (bytes > CALL_BYTES && i > 0) return i
    }
    return most
  }

  #send(entries: FinishEntry[], callbacks: FinishCallback[]): void {
    this.#sessions.finish(entries).then(
      results => {
        this.#failures = 0
        this.#flying = false
        for (let i = 0; i < results.length; i++) callbacks[i](results[i])
        this.#launch()
        if (!this.#flying && this.#entries.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
      },
      error => {
        const wait = Math.min(RETRY_MIN_MS * 2 ** this.#failures++, RETRY_MAX_MS)
        this.#logger.warn(
          { error: (error as Error).message, entries: entries.length, failures: this.#failures },
          'sessions: finishing failed, trying again',
        )
        setTimeout(() => this.#send(entries, callbacks), wait)
      },
    )
  }
}
