import type { Redis } from 'ioredis'
import type { BatchState, ReplayBatch, ReplayEdit, ReplayOrder, ReplayOutcome, ReplayRefusal } from './dead-letters.ts'
import { REPLAY_OUTCOMES } from './dead-letters.ts'
import { replayBatchesKey, replayBatchKey } from './dead-letters-keys.ts'
import { BATCHES_KEPT, BEGIN_MS } from './dead-letters-limits.ts'

type About = Omit<ReplayOrder, 'edit'> & Pick<ReplayBatch, 'at' | 'total'>

/** Batches of replays in Redis; their counts are changed by the scripts that begin and end replays. */
export class RedisReplayBatches {
  readonly #redis: Redis
  readonly #prefix: string

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  /** Stores it before any of its replays begins, and forgets old ones. */
  async create(id: string, at: number, total: number, { edit, ...order }: ReplayOrder): Promise<void> {
    const about: About = { ...order, at, total }
    await this.#redis.hset(replayBatchKey(this.#prefix, id), {
      about: JSON.stringify(about),
      ...(edit === undefined ? {} : { edit: JSON.stringify(edit) }),
    })
    await this.#redis.zadd(replayBatchesKey(this.#prefix), at, id)
    const old = await this.#redis.zrevrange(replayBatchesKey(this.#prefix), BATCHES_KEPT, -1)
    for (const batch of old) if ((await this.get(batch))?.state !== 'running') await this.#forget(batch)
  }

  async #forget(id: string): Promise<void> {
    await this.#redis.zrem(replayBatchesKey(this.#prefix), id)
    await this.#redis.del(replayBatchKey(this.#prefix, id))
  }

  /** All its replays are begun or refused; `cancelled` of them never began. */
  async seal(id: string, cancelled: number): Promise<void> {
    const key = replayBatchKey(this.#prefix, id)
    if (cancelled > 0) await this.#redis.hincrby(key, 'cancelled', cancelled)
    await this.#redis.hset(key, 'sealed', 1)
  }

  /** Nothing more of it begins. */
  async stop(id: string): Promise<void> {
    await this.#redis.hset(replayBatchKey(this.#prefix, id), 'stopped', 1)
  }

  /** What its replays are to be edited with; undefined where it was cancelled or is not known: then nothing more of it may run. */
  async edit(id: string): Promise<ReplayEdit | undefined> {
    const [about, stopped, edit] = await this.#redis.hmget(replayBatchKey(this.#prefix, id), 'about', 'stopped', 'edit')
    if (about === null || stopped !== null) return undefined
    return edit === null ? {} : (JSON.parse(edit) as ReplayEdit)
  }

  async get(id: string): Promise<ReplayBatch | undefined> {
    const fields = await this.#redis.hgetall(replayBatchKey(this.#prefix, id))
    return fields.about === undefined ? undefined : batchOf(id, fields)
  }

  async list(): Promise<ReplayBatch[]> {
    const ids = await this.#redis.zrevrange(replayBatchesKey(this.#prefix), 0, -1)
    return (await Promise.all(ids.map(id => this.get(id)))).filter(batch => batch !== undefined)
  }
}

function batchOf(id: string, fields: Record<string, string>): ReplayBatch {
  const { at, total, ...order } = JSON.parse(fields.about) as About
  const count = (name: string): number => Number(fields[name] ?? 0)
  const ended = Object.fromEntries(REPLAY_OUTCOMES.map(outcome => [outcome, count(outcome)])) as Record<ReplayOutcome, number>
  const refusals = Object.entries(fields).flatMap(([name, why]) => (name.startsWith('x:') ? [[name.slice(2), why as ReplayRefusal]] : []))
  const refused = count('refused')
  const left = total - refused - Object.values(ended).reduce((sum, each) => sum + each)
  return {
    ...{ ...order, id, at, total, ended, refused, refusals: Object.fromEntries(refusals) },
    state: stateOf(left, fields.stopped !== undefined, fields.sealed !== undefined, at),
    ...(fields.edit === undefined ? {} : { edit: JSON.parse(fields.edit) as ReplayEdit }),
  }
}

function stateOf(left: number, isStopped: boolean, isSealed: boolean, at: number): BatchState {
  if (isStopped) return 'cancelled'
  if (left <= 0) return 'done'
  return !isSealed && Date.now() - at > BEGIN_MS ? 'incomplete' : 'running'
}
