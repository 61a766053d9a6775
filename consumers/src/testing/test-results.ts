import type { Claim, Results } from '@causeway/results'
import type { Clock } from '../clock.ts'

interface Standing {
  owner: string | undefined
  value: Uint8Array
  until: number
}

/** The results port in memory, on a clock that may be moved. */
export class TestResults implements Results {
  readonly #standing = new Map<string, Standing>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async claim(key: string, owner: string, ttlMs: number): Promise<Claim> {
    const standing = this.#at(key)
    if (standing !== undefined) return standing.owner === undefined ? { kind: 'kept', value: standing.value } : { kind: 'taken' }
    this.#put(key, owner, new Uint8Array(0), ttlMs)
    return { kind: 'claimed' }
  }

  async keep(key: string, owner: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    if (this.#at(key)?.owner !== owner) return false
    this.#put(key, undefined, value, ttlMs)
    return true
  }

  async release(key: string, owner: string): Promise<void> {
    if (this.#at(key)?.owner === owner) this.#standing.delete(key)
  }

  async close(): Promise<void> {
    this.#standing.clear()
  }

  #put(key: string, owner: string | undefined, value: Uint8Array, ttlMs: number): void {
    this.#standing.set(key, { owner, value, until: this.#clock.now() + ttlMs })
  }

  #at(key: string): Standing | undefined {
    const standing = this.#standing.get(key)
    return standing !== undefined && standing.until > this.#clock.now() ? standing : undefined
  }
}
