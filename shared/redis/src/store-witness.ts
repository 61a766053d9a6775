import type { Redis } from 'ioredis'
import { generationKey, lossyKey, writesKey } from './keys.ts'
import { Script } from './script.ts'
import { adoptScript } from './script-writes.ts'

/** What one connection has seen of the store, and what it tells a store that comes back (script-writes.ts). */
export class StoreWitness {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #adopt = new Script(adoptScript)
  readonly #listeners = new Set<() => void>()
  #seen = 0
  #generation = ''
  #lossy = ''

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
    // another server means another connection; where this call fails, the next connection or the next counted write tells the same
    redis.on('ready', () => void this.adopt().catch(() => undefined))
  }

  /** Highest number of a write whose reply was had: for the next counted call. */
  get seen(): number {
    return this.#seen
  }

  /** The store's generation, as far as is known here. */
  get generation(): string {
    return this.#generation
  }

  /** Whether that generation began with a loss. */
  get lossy(): boolean {
    return this.#lossy !== '' && this.#lossy === this.#generation
  }

  /**
   * A script that a server gets to know only once it is adopted. The prefix makes it this installation's own: another's on the same server must not
   * make a new server known to us.
   */
  script(source: string): Script {
    return new Script(`-- ${this.#prefix}\n${source}`, () => this.adopt())
  }

  /** A reply brought the number of its write. */
  saw(number: number): void {
    if (number > this.#seen) this.#seen = number
  }

  /** Told whenever the generation, or what is known to be lost, is another. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Adopts the server that answers now, and holds against it what was seen. */
  async adopt(): Promise<void> {
    const reply = (await this.#adopt.run(this.#redis, this.#prefix, this.#seen)) as Buffer[]
    const [generation, writes, lossy] = reply.map(String)
    const changed = generation !== this.#generation || lossy !== this.#lossy
    this.#generation = generation
    this.#lossy = lossy
    this.#sawCount(writes)
    if (changed) for (const listener of this.#listeners) listener()
  }

  /** What check() wants to know, for one MGET. */
  get keys(): string[] {
    return [generationKey(this.#prefix), lossyKey(this.#prefix), writesKey(this.#prefix)]
  }

  /** Takes what the store says of itself: others' writes are seen too, so that they can be missed when their writer has died. */
  async check([generation, lossy, writes]: readonly (string | null)[]): Promise<void> {
    if (generation === this.#generation && (lossy ?? '') === this.#lossy) this.#sawCount(writes)
    else await this.adopt()
  }

  /** The number with which a generation begins is no write. */
  #sawCount(writes: string | null): void {
    if (writes !== this.#generation) this.saw(Number(writes))
  }
}
