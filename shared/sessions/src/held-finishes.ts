import type { FinishCallback } from './finish-batcher.ts'
import type { FinishEntry } from './sessions.ts'

/** Tries of a finish that the store could not do for its session, the first included. */
const TRIES = 10
/** Waits between them, ms; doubles from the first to the last. */
const WAIT_MIN_MS = 50
const WAIT_MAX_MS = 2_000
/** Between tries of one whose session is unconfirmed, ms: its gateway needs a few tens of them. */
const UNCONFIRMED_MS = 100

interface HeldSession {
  entries: FinishEntry[]
  callbacks: FinishCallback[]
}

/** Finishes that failed for their session alone, each session's in order and with all that follows behind them, until it is time to try again. */
export class HeldFinishes {
  readonly #sessions = new Map<string, HeldSession>()
  /** Tries made so far, of entries that have failed. */
  readonly #tries = new WeakMap<FinishEntry, number>()
  readonly #again: (entries: readonly FinishEntry[], callbacks: readonly FinishCallback[]) => void
  size = 0

  /** `again` takes a session's entries back, to be sent before any other of that session. */
  constructor(again: (entries: readonly FinishEntry[], callbacks: readonly FinishCallback[]) => void) {
    this.#again = again
  }

  /** Takes an entry whose session is held; false where it is not. */
  follows(entry: FinishEntry, callback: FinishCallback): boolean {
    const held = this.#sessions.get(entry.session)
    if (held === undefined) return false
    this.#push(held, entry, callback)
    return true
  }

  /** Takes an entry that failed; false where its tries are used up. */
  hold(entry: FinishEntry, callback: FinishCallback): boolean {
    const tries = (this.#tries.get(entry) ?? 0) + 1
    if (tries >= TRIES) return false
    this.#tries.set(entry, tries)
    this.#keep(entry, callback, Math.min(WAIT_MIN_MS * 2 ** (tries - 1), WAIT_MAX_MS))
    return true
  }

  /** Takes an entry whose session is unconfirmed: no failure, whatever the number of tries. */
  wait(entry: FinishEntry, callback: FinishCallback): void {
    this.#keep(entry, callback, UNCONFIRMED_MS)
  }

  #keep(entry: FinishEntry, callback: FinishCallback, ms: number): void {
    let held = this.#sessions.get(entry.session)
    if (held === undefined) {
      held = { entries: [], callbacks: [] }
      this.#sessions.set(entry.session, held)
      setTimeout(() => this.#release(entry.session), ms)
    }
    this.#push(held, entry, callback)
  }

  #push(held: HeldSession, entry: FinishEntry, callback: FinishCallback): void {
    held.entries.push(entry)
    held.callbacks.push(callback)
    this.size++
  }

  #release(session: string): void {
    const held = this.#sessions.get(session)
    if (held === undefined) return
    this.#sessions.delete(session)
    this.size -= held.entries.length
    this.#again(held.entries, held.callbacks)
  }
}
