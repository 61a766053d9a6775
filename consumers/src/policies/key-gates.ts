import type { Context } from '../context.ts'
import { Gate } from './gate.ts'
import { enterLater, placeTaken } from './room.ts'

interface KeyGate {
  gate: Gate
  /** Inside, waiting, or on their way from the one to the other. */
  users: number
}

/**
 * So many messages of a key at a time. As many wait for a place where they are, in the handler's stead, for a moment; more come again, so that one key does not
 * take all places of its worker. A key that has nobody is forgotten.
 */
export class KeyGates {
  readonly #name: string
  #perKey: number
  readonly #gates = new Map<string, KeyGate>()

  constructor(name: string, perKey: number) {
    this.#name = name
    this.#perKey = perKey
  }

  set perKey(perKey: number) {
    this.#perKey = perKey
    for (const { gate } of this.#gates.values()) gate.limit = perKey
  }

  /** Resolves when a place is taken, with the call that gives it up. Rejects with NotNow where too many wait, none gets free in time, or the signal ends. */
  async enter(key: string, ctx: Context): Promise<() => void> {
    const entry = this.#use(key)
    const { gate } = entry
    try {
      if (!gate.enter()) {
        const what = `${key} in ${this.#name}`
        if (gate.waiting >= this.#perKey) throw placeTaken(what)
        await enterLater(gate, what, ctx, false)
      }
    } catch (error) {
      this.#unuse(key, entry)
      throw error
    }
    return () => {
      gate.leave()
      this.#unuse(key, entry)
    }
  }

  #use(key: string): KeyGate {
    let entry = this.#gates.get(key)
    if (entry === undefined) {
      entry = { gate: new Gate(this.#perKey), users: 0 }
      this.#gates.set(key, entry)
    }
    entry.users++
    return entry
  }

  #unuse(key: string, entry: KeyGate): void {
    if (--entry.users === 0) this.#gates.delete(key)
  }
}
