import type { Context } from '../context.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { Gate } from './gate.ts'
import { NotNow } from './not-now.ts'

/** Until one comes again that found its key's places taken and others waiting for them, ms. */
const AGAIN_MS = 100

interface KeyGate {
  gate: Gate
  /** Inside, waiting, or on their way from the one to the other. */
  users: number
}

/**
 * So many messages of a key at a time. As many wait for a place where they are, in the handler's stead; more come again, so that one key does not
 * take all places of its worker. A key that has nobody is forgotten.
 */
export class KeyGates {
  readonly #name: string
  readonly #perKey: number
  readonly #gates = new Map<string, KeyGate>()

  constructor(name: string, perKey: number) {
    this.#name = name
    this.#perKey = perKey
  }

  /** Resolves when a place is taken, with the call that gives it up. Rejects with NotNow where too many wait, or with the reason of the signal. */
  async enter(key: string, { signal }: Context): Promise<() => void> {
    const entry = this.#use(key)
    const { gate } = entry
    try {
      while (!gate.enter()) {
        if (gate.waiting >= this.#perKey)
          throw new NotNow(AGAIN_MS * (1 + Math.random()), `all places of ${key} in ${this.#name} are taken`)
        await roomIn(gate, signal)
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

async function roomIn(gate: Gate, signal: AbortSignal): Promise<void> {
  const room = Promise.withResolvers<void>()
  let [called, gone] = [false, false]
  gate.wait(() => {
    called = !gone
    room.resolve()
    return called
  })
  try {
    await unlessAborted(room.promise, signal)
  } catch (error) {
    gone = true
    if (called) gate.callNext()
    throw error
  }
}
