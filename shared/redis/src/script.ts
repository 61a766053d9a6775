import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A Lua script, called by digest and loaded where the server does not know it (SCRIPT FLUSH, a new server). */
export class Script {
  readonly #source: string
  readonly #sha: string
  readonly #unknown: ((redis: Redis) => Promise<unknown>) | undefined

  /** `unknown` is called before a server gets to know the script. */
  constructor(source: string, unknown?: (redis: Redis) => Promise<unknown>) {
    this.#source = source
    this.#sha = createHash('sha1').update(source).digest('hex')
    this.#unknown = unknown
  }

  /** Runs it without declared keys; they are made from the arguments (one node; docs/adr/0003). Bulk replies come as Buffers. */
  async run(redis: Redis, ...args: (string | number | Buffer)[]): Promise<unknown> {
    try {
      return await redis.callBuffer('EVALSHA', this.#sha, 0, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      await this.#unknown?.(redis)
      return await redis.callBuffer('EVAL', this.#source, 0, ...args)
    }
  }
}
