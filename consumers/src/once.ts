import { randomBytes } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { checkResult, type Results } from '@causeway/results'
import type { Logger, Metrics } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import { ONCE_RUNNING } from './limits.ts'
import { milliseconds } from './milliseconds.ts'
import { DeadLetter } from './outcome-errors.ts'

export interface OnceOptions {
  /** How long its result is remembered, 1 s to 365 days. It has to be longer than the effect and all attempts of its message take. Default a day: as long as a request can last. */
  keepFor?: number | string
}

const KEEP_MIN_MS = 1_000
const KEEP_MAX_MS = 365 * 86_400_000

/** Of which message's handling, for the key under which a result is kept. */
export interface OnceMessage {
  session: string
  incarnation: string
  msgId: number
}

/**
 * An effect was begun by an attempt of which nothing more is known: its worker died, or can't reach the store. Whether it took place has to be found out where it would have.
 * Where a handler doesn't catch it, the message becomes a dead letter.
 */
export class OnceUnknown extends DeadLetter {
  override readonly name = 'OnceUnknown'
}

/** Effects that run at most once for each message, however often that is handled; their results are remembered. */
export class Once {
  readonly #service: string
  readonly #results: Results
  readonly #logger: Logger
  /** A later attempt of the same message waits for what an earlier one still runs. */
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(service: string, results: Results, logger: Logger) {
    this.#service = service
    this.#results = results
    this.#logger = logger
  }

  tell(metrics: Metrics): void {
    metrics.gauge('causeway_worker_once_running', 'Effects of ctx.once that have not ended', () => this.#running.size)
  }

  /**
   * The result of `effect`, or of the attempt that ran it before. Where it throws, it did not take place, and another attempt may run it. Rejects with OnceUnknown where an attempt began it and
   * never said how it ended; as the store does where that is away: then it was not begun. What it resolves with is a copy, the same for all attempts.
   */
  async run<T>(message: OnceMessage, name: string, effect: () => T | Promise<T>, { keepFor = '24h' }: OnceOptions = {}): Promise<T> {
    const { session, incarnation, msgId } = message
    if (typeof name !== 'string' || name === '' || typeof effect !== 'function')
      throw new TypeError(`ctx.once(${JSON.stringify(name)}, ${typeof effect}): expected a name, and the effect as a function`)
    const key = `once ${this.#service} ${session} ${incarnation} ${msgId} ${name}`
    const running = this.#running.get(key)
    if (running !== undefined) return (await running) as T
    if (this.#running.size >= ONCE_RUNNING) throw new Error(`more than ${ONCE_RUNNING} effects run at this worker`)
    const run = this.#run(key, name, effect, keepMs(name, keepFor)).finally(() => this.#running.delete(key))
    this.#running.set(key, run)
    return await run
  }

  async #run<T>(key: string, name: string, effect: () => T | Promise<T>, keepMs: number): Promise<T> {
    const owner = randomBytes(9).toString('base64url')
    const claim = await this.#results.claim(key, owner, keepMs)
    if (claim.kind === 'kept') return deserialize(claim.value) as T
    if (claim.kind === 'taken') throw new OnceUnknown(`an earlier attempt began ${JSON.stringify(name)}, and how it ended is not known`)
    let value: T
    try {
      value = await effect()
    } catch (error) {
      await retrying('releasing an effect', this.#logger, () => this.#results.release(key, owner))
      throw error
    }
    return deserialize(await this.#keep(key, name, owner, value, keepMs)) as T
  }

  /** From here on it took place, and must not be run again, whatever becomes of its result. */
  async #keep(key: string, name: string, owner: string, value: unknown, keepMs: number): Promise<Uint8Array> {
    try {
      const bytes = serialize(value)
      checkResult(bytes)
      const isKept = await retrying('keeping the result of an effect', this.#logger, () => this.#results.keep(key, owner, bytes, keepMs))
      if (!isKept)
        this.#logger.warn({ effect: name, keepMs }, 'an effect took longer than its result is kept: another attempt may run it again')
      return bytes
    } catch (cause) {
      const why = (cause as Error).message
      throw new DeadLetter(`${JSON.stringify(name)} took place, but its result can't be remembered: ${why}`, { cause })
    }
  }
}

function keepMs(name: string, keepFor: number | string): number {
  const what = `ctx.once(${JSON.stringify(name)}): keepFor`
  const ms = milliseconds(keepFor, what)
  if (ms < KEEP_MIN_MS || ms > KEEP_MAX_MS) throw new TypeError(`${what} is ${ms} ms: expected 1 s to 365 days`)
  return ms
}
