import type { SharedValue, SharedWrite } from '@causeway/sessions'
import { SHARED_OF_MESSAGE, SHARED_VALUE_BYTES } from './limits.ts'
import { checkStateKey, decodeStateValue, encodeStateValue } from './state-value.ts'

export interface SharedStateParts {
  service: string
  read: (key: string) => Promise<SharedValue>
  /** Why nothing can be written just now; undefined where it can. */
  refusal: () => string | undefined
}

/**
 * What a service keeps for all its sessions: JSON values, or Uint8Arrays as bytes, by key. A message that has read a key which another finish changes
 * before its own is handled again on what is there then; a key that was written without being read is written over.
 */
export class SharedState {
  readonly #parts: SharedStateParts
  readonly #read = new Map<string, Promise<SharedValue>>()
  /** undefined: deleted. */
  readonly #written = new Map<string, Uint8Array | undefined>()

  constructor(parts: SharedStateParts) {
    this.#parts = parts
  }

  /** The value under a key, a copy of the caller's own; undefined where there is none. Throws a TypeError where it is no key. */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    checkStateKey(key)
    const kept = this.#written.has(key) ? this.#written.get(key) : (await this.#stored(key)).value
    return kept === undefined ? undefined : (decodeStateValue(kept) as T)
  }

  #stored(key: string): Promise<SharedValue> {
    const known = this.#read.get(key)
    if (known !== undefined) return known
    this.#checkCount(key)
    const read = this.#parts.read(key)
    this.#read.set(key, read)
    return read
  }

  /** Throws a TypeError for what JSON can't say, a RangeError for what is too large. */
  set(key: string, value: unknown): void {
    const kept = encodeStateValue(key, value)
    if (kept.length > SHARED_VALUE_BYTES) {
      throw new RangeError(`shared state: ${kept.length} bytes under ${JSON.stringify(key)}: at most ${SHARED_VALUE_BYTES}`)
    }
    this.#write(key, kept)
  }

  delete(key: string): void {
    this.#write(key, undefined)
  }

  #write(key: string, kept: Uint8Array | undefined): void {
    const refusal = this.#parts.refusal()
    if (refusal !== undefined) throw new TypeError(`shared state: ${refusal}`)
    checkStateKey(key)
    if (!this.#written.has(key)) this.#checkCount(key)
    this.#written.set(key, kept)
  }

  #checkCount(key: string): void {
    if (this.#read.size < SHARED_OF_MESSAGE && this.#written.size < SHARED_OF_MESSAGE) return
    throw new RangeError(
      `shared state: ${JSON.stringify(key)} is one key too many: a message reads and writes at most ${SHARED_OF_MESSAGE} each`,
    )
  }

  get isWritten(): boolean {
    return this.#written.size > 0
  }

  /** For the worker: what the finish writes, and what it was made of; undefined where nothing was read or written. */
  async taken(): Promise<SharedWrite | undefined> {
    if (this.#read.size === 0 && !this.isWritten) return undefined
    const reads = await Promise.all([...this.#read].map(async ([key, read]): Promise<[string, number]> => [key, (await read).version]))
    const sets: [string, Uint8Array][] = []
    const deletes: string[] = []
    for (const [key, kept] of this.#written) {
      if (kept === undefined) deletes.push(key)
      else sets.push([key, kept])
    }
    return { service: this.#parts.service, reads, sets, deletes }
  }
}
