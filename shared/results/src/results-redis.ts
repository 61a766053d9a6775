import { closeRedis, connectRedis, DEFAULT_PREFIX, type RedisOptions, Script } from '@causeway/redis'
import type { Redis } from 'ioredis'
import { type Claim, checkResult, type Results, ResultsFull } from './results.ts'

/** First byte of a value: a claim and its owner, or a result. */
const CLAIM = 'c'
const RESULT = 'r'

/**
 * ARGV  1 key  2 owner  3 its time, ms
 * Returns  what stands there; nothing where the claim was taken
 */
const claimScript = `
local standing = redis.call('GET', ARGV[1])
if standing then return standing end
redis.call('SET', ARGV[1], '${CLAIM}' .. ARGV[2], 'PX', ARGV[3])
return false`

/** ARGV  as above, 4 the result. Returns  1 where the claim stood */
const keepScript = `
if redis.call('GET', ARGV[1]) ~= '${CLAIM}' .. ARGV[2] then return 0 end
redis.call('SET', ARGV[1], '${RESULT}' .. ARGV[4], 'PX', ARGV[3])
return 1`

/** ARGV  1 key  2 owner */
const releaseScript = `
if redis.call('GET', ARGV[1]) == '${CLAIM}' .. ARGV[2] then redis.call('DEL', ARGV[1]) end
return 1`

/** Results in Redis (7 or 8, one node): a string each, `<prefix>:result:<key>`. Full is what Redis calls so (maxmemory, noeviction). */
export async function openRedisResults(options: RedisOptions): Promise<Results> {
  const redis = connectRedis(options, 'results')
  await redis.ping()
  return new RedisResults(redis, options.prefix ?? DEFAULT_PREFIX)
}

class RedisResults implements Results {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #claim = new Script(claimScript)
  readonly #keep = new Script(keepScript)
  readonly #release = new Script(releaseScript)

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  async claim(key: string, owner: string, ttlMs: number): Promise<Claim> {
    const standing = (await this.#run(this.#claim, key, owner, Math.ceil(ttlMs))) as Buffer | null
    if (standing === null) return { kind: 'claimed' }
    return standing[0] === RESULT.charCodeAt(0) ? { kind: 'kept', value: standing.subarray(1) } : { kind: 'taken' }
  }

  async keep(key: string, owner: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    checkResult(value)
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return (await this.#run(this.#keep, key, owner, Math.ceil(ttlMs), bytes)) === 1
  }

  async release(key: string, owner: string): Promise<void> {
    await this.#run(this.#release, key, owner)
  }

  async #run(script: Script, key: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    try {
      return await script.run(this.#redis, `${this.#prefix}:result:${key}`, ...args)
    } catch (error) {
      if (error instanceof Error && error.message.includes('OOM')) throw new ResultsFull('Redis has no room for results', { cause: error })
      throw error
    }
  }

  async close(): Promise<void> {
    await closeRedis(this.#redis)
  }
}
