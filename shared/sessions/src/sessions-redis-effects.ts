import { emitsKey, Script, sharedKey } from '@causeway/redis'
import type { Redis } from 'ioredis'
import type { SharedValue, StateQuery, StoredState, WaitingEmit } from './effects.ts'

/**
 * ARGV  1 prefix, then three a query: bucket, service, session
 * Keys  state (keys.ts)
 * Returns  for each query its fields and values, one after the other
 */
const statesScript = `
local answers = {}
for i = 2, #ARGV, 3 do
  answers[#answers + 1] = redis.call('HGETALL', ARGV[1] .. ':{' .. ARGV[i] .. '}:y:' .. ARGV[i + 1] .. ':' .. ARGV[i + 2])
end
return answers
`

/** State and emits, as finishes have left them (script-finish-effects.ts). */
export class RedisEffects {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #states = new Script(statesScript)

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  async states(queries: readonly StateQuery[]): Promise<StoredState[]> {
    if (queries.length === 0) return []
    const args = queries.flatMap(q => [q.bucket, q.service, q.session])
    return ((await this.#states.run(this.#redis, this.#prefix, ...args)) as Buffer[][]).map(stateOf)
  }

  async shared(service: string, keys: readonly string[]): Promise<SharedValue[]> {
    if (keys.length === 0) return []
    const kept = await this.#redis.hmgetBuffer(sharedKey(this.#prefix, service), ...keys)
    return kept.map(bytes =>
      bytes === null ? { version: 0, value: undefined } : { version: bytes.readDoubleBE(0), value: bytes.subarray(8) },
    )
  }

  async emits(service: string, bucket: number, limit: number): Promise<WaitingEmit[]> {
    const rows = await this.#redis.xrangeBuffer(emitsKey(this.#prefix, bucket, service), '-', '+', 'COUNT', limit)
    return rows.map(([id, fields]) => emitOf(id.toString('latin1'), fields[1]))
  }

  async relayed(service: string, bucket: number, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.xdel(emitsKey(this.#prefix, bucket, service), ...ids)
  }

  async emitsWaiting(service: string, buckets: readonly number[]): Promise<number[]> {
    const pipeline = this.#redis.pipeline()
    for (const bucket of buckets) pipeline.xlen(emitsKey(this.#prefix, bucket, service))
    return ((await pipeline.exec()) ?? []).map(([error, length]) => {
      if (error) throw error
      return length as number
    })
  }
}

function stateOf(fields: readonly Buffer[]): StoredState {
  const state: StoredState = { version: 0, values: new Map() }
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at].toString()
    if (name === 'v') state.version = Number(fields[at + 1])
    else state.values.set(name.slice(1), fields[at + 1])
  }
  return state
}

function emitOf(id: string, bytes: Buffer): WaitingEmit {
  const recordAt = 9 + bytes[8]
  return {
    id,
    msgId: bytes.readUInt32BE(0),
    prev: bytes.readUInt32BE(4),
    incarnation: bytes.toString('latin1', 9, recordAt),
    record: bytes.subarray(recordAt),
  }
}
