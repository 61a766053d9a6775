import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { RESULT_BYTES, type Results } from '@causeway/results'
import type { Logger } from '@causeway/telemetry'
import type { Context } from '../context.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { isStream } from './when-ended.ts'

/** Waits between looks whether another worker has the answer, ms; doubles from the first to the last. */
const LOOK_MIN_MS = 10
const LOOK_MAX_MS = 250

export interface SharedAnswersOptions {
  service: string
  route: string
  ttlMs: number
  /** Of the handler: for so long one worker may take to find an answer, then the next one tries. */
  timeoutMs: number
  results: Results
  logger: Logger
}

/**
 * Answers by key, for a while, of all workers; one handler runs for all who ask for a key at a time. What fails is not kept, nor are streams, what is larger than
 * RESULT_BYTES, and what would be answered as something else when it is copied (toJSON of a class). Where the store can't be asked, the handler is.
 */
export class SharedAnswers {
  readonly #options: SharedAnswersOptions
  hits = 0
  /** Answers that could not be looked up or kept. */
  failures = 0

  constructor(options: SharedAnswersOptions) {
    this.#options = options
  }

  async answer(key: string, { signal }: Context, handler: () => unknown): Promise<unknown> {
    const { service, route, timeoutMs, results } = this.#options
    const name = `cache ${service} ${route} ${key}`
    const owner = randomBytes(9).toString('base64url')
    for (let wait = LOOK_MIN_MS; ; wait = Math.min(2 * wait, LOOK_MAX_MS)) {
      const claim = await results.claim(name, owner, timeoutMs).catch(error => this.#failed(error))
      if (claim === undefined) return await handler()
      if (claim.kind === 'claimed') return await this.#ask(name, owner, handler)
      if (claim.kind === 'kept') {
        const value = this.#read(claim.value)
        // written by another version of Node
        if (value === undefined) return await handler()
        this.hits++
        return value.answer
      }
      await unlessAborted(new Promise(resolve => setTimeout(resolve, wait)), signal)
    }
  }

  async #ask(name: string, owner: string, handler: () => unknown): Promise<unknown> {
    const { results, ttlMs } = this.#options
    let bytes: Uint8Array | undefined
    try {
      const value = await handler()
      bytes = this.#bytesOf(value)
      return value
    } finally {
      const told = bytes === undefined ? results.release(name, owner) : results.keep(name, owner, bytes, ttlMs)
      await told.catch(error => this.#failed(error))
    }
  }

  #bytesOf(value: unknown): Uint8Array | undefined {
    if (isStream(value)) return undefined
    try {
      const bytes = serialize(value)
      if (bytes.length > RESULT_BYTES) return undefined
      if (isSame(deserialize(bytes), value)) return bytes
      return this.#failed(new TypeError('a copy of it would be answered as something else (an instance of a class): answer plain values'))
    } catch (error) {
      // a function, a socket: nothing that another process could have
      return this.#failed(error as Error)
    }
  }

  #read(bytes: Uint8Array): { answer: unknown } | undefined {
    try {
      return { answer: deserialize(bytes) }
    } catch (error) {
      return this.#failed(error as Error)
    }
  }

  #failed(error: Error): undefined {
    if (this.failures++ === 0)
      this.#options.logger.warn(
        { route: this.#options.route, error: error.message },
        'an answer could not be shared; further ones are counted',
      )
  }
}

/** Whether it would be answered as the same: a class says by its toJSON what becomes of it, and a copy is of no class. */
function isSame(copy: unknown, value: unknown): boolean {
  try {
    return JSON.stringify(copy) === JSON.stringify(value)
  } catch {
    // a bigint
    return isDeepStrictEqual(copy, value)
  }
}
