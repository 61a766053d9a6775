import { createHash } from 'node:crypto'
import { type Claim, checkResult, type Results, ResultsFull } from './results.ts'

/** What stands under a key: a claim, or a result. */
export interface Standing {
  /** Of the claim; undefined: it is a result. */
  owner: string | undefined
  value: Uint8Array
  /** Unix ms. */
  until: number
}

/** Where what stands is written through to; nobody hears of a change before its promise has resolved. */
export interface StandingStore {
  /** For people. */
  readonly name: string
  /** What stands there already. */
  entries(): Iterable<[key: string, Standing]>
  put(key: string, standing: Standing): Promise<void>
  remove(keys: readonly string[]): Promise<void>
}

export interface InMemoryOptions {
  /** Unix ms. Default: the machine's. */
  now?: () => number
  /** Default: none, so that all of it ends with the process. */
  store?: StandingStore
}

/** Claims and results held, and bytes of the results. */
const ENTRIES = 100_000
const BYTES = 256 << 20
/** How often what has ended is looked for, at most, where there is no room, ms. */
const LOOK_MS = 1_000

/** The results of one process. Keys of the store are digests: names may be longer than keys. */
export class ResultsInMemory implements Results {
  readonly #now: () => number
  readonly #store: StandingStore | undefined
  readonly #standing = new Map<string, Standing>()
  #bytes = 0
  /** When what has ended was thrown away last. */
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor({ now = Date.now, store }: InMemoryOptions = {}) {
    this.#now = now
    this.#store = store
    for (const [key, standing] of store?.entries() ?? []) this.#remember(key, standing)
  }

  async claim(name: string, owner: string, ttlMs: number): Promise<Claim> {
    const key = keyOf(name)
    const standing = this.#at(key)
    if (standing !== undefined) return standing.owner === undefined ? { kind: 'kept', value: standing.value } : { kind: 'taken' }
    this.#checkRoom(key, 0)
    await this.#put(key, { owner, value: Buffer.alloc(0), until: this.#now() + ttlMs })
    return { kind: 'claimed' }
  }

  async keep(name: string, owner: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    checkResult(value)
    const key = keyOf(name)
    if (this.#at(key)?.owner !== owner) return false
    this.#checkRoom(key, value.length)
    await this.#put(key, { owner: undefined, value: Buffer.from(value), until: this.#now() + ttlMs })
    return true
  }

  async release(name: string, owner: string): Promise<void> {
    const key = keyOf(name)
    if (this.#at(key)?.owner === owner) await this.#remove([key])
  }

  /** Throws away what has ended. */
  async sweep(): Promise<void> {
    this.#sweptAt = this.#now()
    const ended = [...this.#standing].filter(([, { until }]) => until <= this.#sweptAt).map(([key]) => key)
    if (ended.length > 0) await this.#remove(ended)
  }

  /** What is still kept while others close is kept. */
  async close(): Promise<void> {}

  #at(key: string): Standing | undefined {
    const standing = this.#standing.get(key)
    return standing !== undefined && standing.until > this.#now() ? standing : undefined
  }

  #checkRoom(key: string, bytes: number): void {
    if (this.#hasRoom(key, bytes)) return
    // a store that takes no more writes has said so itself
    if (this.#now() >= this.#sweptAt + LOOK_MS) this.sweep().catch(() => undefined)
    if (this.#hasRoom(key, bytes)) return
    const where = this.#store?.name ?? 'memory'
    throw new ResultsFull(`${where} keeps ${ENTRIES} results of ${BYTES} bytes in all: keep them for less time`)
  }

  #hasRoom(key: string, bytes: number): boolean {
    return this.#bytes + bytes <= BYTES && (this.#standing.size < ENTRIES || this.#standing.has(key))
  }

  #remember(key: string, standing: Standing): void {
    this.#forget(key)
    this.#standing.set(key, standing)
    this.#bytes += standing.value.length
  }

  #forget(key: string): void {
    this.#bytes -= this.#standing.get(key)?.value.length ?? 0
    this.#standing.delete(key)
  }

  async #put(key: string, standing: Standing): Promise<void> {
    this.#remember(key, standing)
    await this.#store?.put(key, standing)
  }

  async #remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#forget(key)
    await this.#store?.remove(keys)
  }
}

const keyOf = (name: string): string => createHash('sha256').update(name).digest('base64url')
