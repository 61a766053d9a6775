import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import type { Context } from '../context.ts'
import { DeadLetter, Reject, RetryAfter } from '../outcome-errors.ts'
import type { Handler } from '../route.ts'
import type { ThreadOptions } from './options.ts'

/** What of a handler's context is there in its thread: pushes and signals are not. */
export interface ThreadContext {
  readonly session: string
  readonly principal: string
  readonly msgId: number
  readonly route: string
  readonly attempt: number
  readonly key: string
  /** Unix ms; Infinity where there is none. */
  readonly deadline: number
  readonly trace: string | undefined
}

export interface ThreadTask {
  /** URL of the module whose default export is the handler. */
  module: string
  input: unknown
  context: ThreadContext
}

interface ThreadError {
  name: string
  message: string
  stack: string | undefined
  delayMs: number | undefined
}
export type ThreadResult = { value: unknown } | { error: ThreadError }

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './thread-entry.ts' : './thread-entry.js', import.meta.url)
/** A thread without work ends after this, ms. */
const IDLE_MS = 30_000

/** Runs a module's handler in threads of its own, so that what burns CPU holds up no other message. A message whose time is over ends its thread. */
export class Threads {
  readonly #module: string
  readonly #max: number
  #pool: Piscina | undefined

  constructor(module: URL, { max = Math.max(1, availableParallelism() - 1) }: ThreadOptions) {
    this.#module = module.href
    this.#max = max
  }

  readonly run: Handler<unknown> = async (input, ctx) => {
    this.#pool ??= new Piscina({ filename: ENTRY.href, maxThreads: this.#max, minThreads: 0, idleTimeout: IDLE_MS })
    const task: ThreadTask = { module: this.#module, input, context: contextOf(ctx) }
    const result = (await this.#pool.run(task, { signal: ctx.signal }).catch((error: Error) => {
      ctx.signal.throwIfAborted()
      throw error
    })) as ThreadResult
    if ('error' in result) throw errorOf(result.error)
    return result.value
  }

  /** Ends once all it was given is through. */
  async drain(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.close()
  }

  async close(): Promise<void> {
    await this.#pool?.destroy()
    this.#pool = undefined
  }
}

const contextOf = ({ session, principal, msgId, route, attempt, key, deadline, trace }: Context): ThreadContext => ({
  ...{ session, principal, msgId, route, attempt, key, deadline, trace },
})

function errorOf({ name, message, stack, delayMs }: ThreadError): Error {
  if (name === 'Reject') return new Reject(message)
  if (name === 'DeadLetter') return new DeadLetter(message)
  if (name === 'RetryAfter') return new RetryAfter(delayMs ?? Number.NaN, message)
  return Object.assign(new Error(message), { name, stack })
}
