import type { StateWrite, StoredState } from '@causeway/sessions'
import { STATE_BYTES, STATE_KEYS } from './limits.ts'
import { checkStateKey, decodeStateValue, encodeStateValue } from './state-value.ts'

export interface SessionStateParts {
  service: string
  session: string
  read: () => Promise<StoredState>
  /** Why nothing can be written just now; undefined where it can. */
  refusal: () => string | undefined
}

/**
 * What a service keeps of the session: JSON values, or Uint8Arrays as bytes, by key. It is read whole at the first `get`; what a handler writes it
 * reads itself, and nobody else before the message's finish. An attempt that fails, or is rejected, leaves nothing. It ends with the session.
 */
export class SessionState {
  readonly #parts: SessionStateParts
  #reading: Promise<StoredState> | undefined
  #stored: StoredState | undefined
  /** undefined: deleted. */
  readonly #written = new Map<string, Uint8Array | undefined>()

  constructor(parts: SessionStateParts) {
    this.#parts = parts
  }

  /** The value under a key, a copy of the caller's own; undefined where there is none. Throws a TypeError where it is no key. */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    checkStateKey(key)
    const { values } = await this.#load()
    const kept = this.#written.has(key) ? this.#written.get(key) : values.get(key)
    return kept === undefined ? undefined : (decodeStateValue(kept) as T)
  }

  /** All of it, by key. */
  async all<T = unknown>(): Promise<Map<string, T>> {
    await this.#load()
    return new Map([...this.#present()].map(([key, kept]) => [key, decodeStateValue(kept) as T]))
  }

  /** Throws a TypeError for what JSON can't say, a RangeError where the state gets too large. */
  set(key: string, value: unknown): void {
    this.#write(key, encodeStateValue(key, value))
  }

  delete(key: string): void {
    this.#write(key, undefined)
  }

  #write(key: string, kept: Uint8Array | undefined): void {
    const refusal = this.#parts.refusal()
    if (refusal !== undefined) throw new TypeError(`state: ${refusal}`)
    checkStateKey(key)
    const before = this.#written.get(key)
    const wasWritten = this.#written.has(key)
    this.#written.set(key, kept)
    if (kept === undefined) return
    try {
      this.#checkSize(key)
    } catch (error) {
      if (wasWritten) this.#written.set(key, before)
      else this.#written.delete(key)
      throw error
    }
  }

  /** What there would be after the finish; before the state has been read, of what was written alone. */
  #present(): Map<string, Uint8Array> {
    const present = new Map(this.#stored?.values)
    for (const [key, kept] of this.#written) {
      if (kept === undefined) present.delete(key)
      else present.set(key, kept)
    }
    return present
  }

  #checkSize(key: string): void {
    const present = this.#present()
    let bytes = 0
    for (const [name, kept] of present) bytes += Buffer.byteLength(name) + kept.length
    if (bytes <= STATE_BYTES && present.size <= STATE_KEYS) return
    const { service, session } = this.#parts
    const limit = `at most ${STATE_BYTES} bytes and ${STATE_KEYS} keys`
    throw new RangeError(
      `state of ${session} in ${service}: ${bytes} bytes under ${present.size} keys with ${JSON.stringify(key)}: ${limit}; keep what is large elsewhere`,
    )
  }

  async #load(): Promise<StoredState> {
    this.#reading ??= this.#parts.read()
    this.#stored = await this.#reading
    return this.#stored
  }

  get isWritten(): boolean {
    return this.#written.size > 0
  }

  /** For the worker: what the finish writes, and which version it was made of; undefined where nothing was read or written. */
  async taken(): Promise<StateWrite | undefined> {
    if (this.#reading === undefined && !this.isWritten) return undefined
    const { version } = await this.#load()
    const [last] = [...this.#written.keys()].slice(-1)
    if (last !== undefined) this.#checkSize(last)
    const sets: [string, Uint8Array][] = []
    const deletes: string[] = []
    for (const [key, kept] of this.#written) {
      if (kept === undefined) deletes.push(key)
      else sets.push([key, kept])
    }
    return { service: this.#parts.service, version, sets, deletes }
  }
}
