import { hash } from 'node:crypto'
import type { DialectMessage } from '@causeway/protocol'

/** A message that may come again, and its answer once there is one. */
export interface Remembered {
  readonly digest: string
  answer: Uint8Array | undefined
}

/** The last messages of a connection whose client sends again what got no answer: the same bytes under the same correlation value are handled once. */
export class DialectRepeats {
  readonly #size: number
  readonly #remembered = new Map<number, Remembered>()

  /** Remembers messages of the last `size` correlation values. */
  constructor(size: number) {
    this.#size = size
  }

  /** The message that this one repeats; undefined: it is new, and remembered from now on. */
  repeated(message: DialectMessage): Remembered | undefined {
    const { correlation, bytes, at, end } = message
    if (this.#size === 0 || correlation === undefined) return undefined
    const digest = hash('sha256', bytes.subarray(at, end), 'base64')
    const before = this.#remembered.get(correlation)
    if (before?.digest === digest) return before
    this.#remembered.delete(correlation)
    this.#remembered.set(correlation, { digest, answer: undefined })
    if (this.#remembered.size > this.#size) this.#remembered.delete(this.#remembered.keys().next().value!)
    return undefined
  }

  /** How the message just found to be new is remembered; undefined where nothing is. */
  of({ correlation }: DialectMessage): Remembered | undefined {
    return correlation === undefined ? undefined : this.#remembered.get(correlation)
  }

  /** It was refused with nothing stored: sent again, it is handled. */
  forget({ correlation }: DialectMessage): void {
    if (correlation !== undefined) this.#remembered.delete(correlation)
  }
}
