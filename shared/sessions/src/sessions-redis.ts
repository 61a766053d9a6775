import {
  BUCKETS,
  closeRedis,
  connectRedis,
  DEFAULT_PREFIX,
  endsKey,
  outboxKey,
  type RedisOptions,
  Script,
  StoreWitness,
  sessionKey,
  totalsKey,
} from '@causeway/redis'
import type { Redis } from 'ioredis'
import type { SharedValue, StateQuery, StoredState, WaitingEmit } from './effects.ts'
import { packLoad, packTurn, unpackAnswers } from './finish-pack.ts'
import { ledgerOf } from './ledger-redis.ts'
import { packRenewals } from './renew-pack.ts'
import { finishScript } from './script-finish.ts'
import { renewScript } from './script-renew.ts'
import { resumeScript } from './script-resume.ts'
import { openScript } from './script-store.ts'
import { endScript, marksScript, sweepScript } from './script-sweep.ts'
import type {
  CatchUpAnswer,
  CatchUpQuery,
  EndedSession,
  FinishEntry,
  FinishResult,
  Ledger,
  Listening,
  Mark,
  MarkQuery,
  OpenSession,
  RenewEntry,
  RenewStatus,
  ResumeRequest,
  ResumeResult,
  ServiceLoad,
  SessionInfo,
  Sessions,
  WakeHandlers,
} from './sessions.ts'
import { RedisEffects } from './sessions-redis-effects.ts'
import { listenRedis } from './wake-redis.ts'

/** Deliveries an outbox holds before pushes are refused (docs/protocol.md, section 5). */
const OUTBOX_MESSAGES = 4_096
/** Sessions asked for in one pipeline of a catch-up. */
const CATCH_UP_CHUNK = 500
/** Sessions of a bucket ended by one sweep. */
const SWEEP_PER_BUCKET = 50
const MARKS: readonly Mark[] = ['fresh', 'finished', 'gone']
const RENEW_STATUSES: readonly RenewStatus[] = ['ok', 'gone', 'replaced', 'wentBack', 'lost']

/** Sessions in Redis (7 or 8, one node). Durable as Redis's own AOF policy says. */
export async function openRedisSessions(options: RedisOptions): Promise<Sessions> {
  const redis = connectRedis(options, 'sessions')
  const prefix = options.prefix ?? DEFAULT_PREFIX
  const store = new StoreWitness(redis, prefix)
  await store.adopt()
  return new RedisSessions(redis, store, { ...options, prefix })
}

class RedisSessions implements Sessions {
  readonly #redis: Redis
  readonly #store: StoreWitness
  readonly #options: RedisOptions & { prefix: string }
  readonly #prefix: string
  readonly #open: Script
  readonly #finish: Script
  readonly #renew: Script
  readonly #resume: Script
  readonly #sweep = new Script(sweepScript)
  readonly #end = new Script(endScript)
  readonly #marks = new Script(marksScript)
  readonly #effects: RedisEffects

  constructor(redis: Redis, store: StoreWitness, options: RedisOptions & { prefix: string }) {
    this.#redis = redis
    this.#store = store
    this.#options = options
    this.#prefix = options.prefix
    this.#effects = new RedisEffects(redis, options.prefix)
    this.#open = store.script(openScript)
    this.#finish = store.script(finishScript)
    this.#renew = store.script(renewScript)
    this.#resume = store.script(resumeScript)
  }

  async open(sessions: readonly OpenSession[]): Promise<void> {
    const args = sessions.flatMap(s => [s.bucket, s.session, s.incarnation, s.gateway, s.tokenDigest, s.principal, s.expiresAt])
    await this.#open.run(this.#redis, this.#prefix, ...args)
  }

  async resume(r: ResumeRequest): Promise<ResumeResult> {
    const args = [this.#prefix, r.bucket, r.session, r.tokenDigest, r.gateway, r.expiresAt, r.lastSeq, r.principal, r.stored, r.attempt]
    const reply = ((await this.#resume.run(this.#redis, ...args, ...r.waiting)) as Buffer[]).map(String)
    const [
      status,
      incarnation,
      epoch,
      principal,
      seq,
      storedMark,
      doneMark,
      recovered,
      previousGateway,
      storedCount,
      acknowledged,
      ...above
    ] = reply
    if (status !== 'resumed') return { status: status as 'unknown' | 'denied' | 'stale' }
    return {
      status,
      incarnation,
      epoch: Number(epoch),
      principal,
      seq: Number(seq),
      storedMark: Number(storedMark),
      storedCount: Number(storedCount),
      acknowledged: Number(acknowledged),
      doneMark: Number(doneMark),
      finishedAbove: above.map(Number),
      recovered: recovered === '1',
      previousGateway,
    }
  }

  async finish(entries: readonly FinishEntry[], load?: ServiceLoad): Promise<FinishResult[]> {
    if (entries.length === 0) return []
    const { bytes, order } = packTurn(entries)
    const reply = await this.#finish.run(this.#redis, bytes, this.#prefix, OUTBOX_MESSAGES, packLoad(load), this.#store.seen)
    const { write, results } = unpackAnswers(reply as Buffer, order)
    this.#store.saw(write)
    return results
  }

  async marks(queries: readonly MarkQuery[]): Promise<Mark[]> {
    if (queries.length === 0) return []
    const args = queries.flatMap(q => [q.bucket, q.session, q.incarnation, q.msgId])
    const digits = String(await this.#marks.run(this.#redis, this.#prefix, ...args))
    return Array.from(digits, digit => MARKS[Number(digit)])
  }

  states(queries: readonly StateQuery[]): Promise<StoredState[]> {
    return this.#effects.states(queries)
  }

  shared(service: string, keys: readonly string[]): Promise<SharedValue[]> {
    return this.#effects.shared(service, keys)
  }

  emits(service: string, bucket: number, limit: number): Promise<WaitingEmit[]> {
    return this.#effects.emits(service, bucket, limit)
  }

  relayed(service: string, bucket: number, ids: readonly string[]): Promise<void> {
    return this.#effects.relayed(service, bucket, ids)
  }

  emitsWaiting(service: string, buckets: readonly number[]): Promise<number[]> {
    return this.#effects.emitsWaiting(service, buckets)
  }

  async renew(entries: readonly RenewEntry[]): Promise<RenewStatus[]> {
    const statuses: RenewStatus[] = new Array(entries.length).fill('ok')
    if (entries.length === 0) return statuses
    const fresh = crypto.randomUUID().slice(0, 8)
    const args = [packRenewals(entries), this.#prefix, fresh, this.#store.generation]
    const reply = (await this.#renew.run(this.#redis, ...args)) as Buffer
    for (let at = 0; at < reply.length; at += 5) statuses[reply.readUInt32BE(at)] = RENEW_STATUSES[reply[at + 4]]
    return statuses
  }

  async outbox(query: CatchUpQuery, limit: number): Promise<CatchUpAnswer> {
    const done = await this.#redis.hget(sessionKey(this.#prefix, query.bucket, query.session), 'd')
    const rows = await this.#redis.xrangeBuffer(
      outboxKey(this.#prefix, query.bucket, query.session),
      `(0-${query.above}`,
      '+',
      'COUNT',
      limit,
    )
    const deliveries = rows.map(([id, fields]) => ({ seq: Number(id.toString('latin1', 2)), frame: fields[1] }))
    return { session: query.session, found: done !== null, doneMark: Number(done ?? 0), deliveries }
  }

  async catchUp(queries: readonly CatchUpQuery[]): Promise<CatchUpAnswer[]> {
    const answers: CatchUpAnswer[] = []
    for (let from = 0; from < queries.length; from += CATCH_UP_CHUNK) {
      const chunk = queries.slice(from, from + CATCH_UP_CHUNK)
      const pipeline = this.#redis.pipeline()
      for (const q of chunk) pipeline.hmget(sessionKey(this.#prefix, q.bucket, q.session), 'q', 'd')
      const states = (await execute(pipeline)) as (string | null)[][]
      for (let i = 0; i < chunk.length; i++) {
        const [seq, done] = states[i]
        if (seq === null || Number(seq) > chunk[i].above) answers.push(await this.outbox(chunk[i], OUTBOX_MESSAGES))
        else if (Number(done) > (chunk[i].doneMark ?? Number.POSITIVE_INFINITY)) {
          answers.push({ session: chunk[i].session, found: true, doneMark: Number(done), deliveries: [] })
        }
      }
    }
    return answers
  }

  async end(session: string, bucket: number, epoch: number): Promise<void> {
    await this.#end.run(this.#redis, this.#prefix, bucket, session, epoch)
  }

  async sweep(now: number): Promise<EndedSession[]> {
    const told = ((await this.#sweep.run(this.#redis, this.#prefix, now, SWEEP_PER_BUCKET, BUCKETS)) as Buffer[]).map(String)
    return Array.from({ length: told.length / 4 }, (_, index) => {
      const [session, principal, epoch, incarnation] = told.slice(index * 4, index * 4 + 4)
      return { session, principal, epoch: Number(epoch), incarnation }
    })
  }

  listen(gateway: string, handlers: WakeHandlers): Promise<Listening> {
    return listenRedis(this.#options, { command: this.#redis, store: this.#store }, gateway, handlers)
  }

  async info(session: string, bucket: number): Promise<SessionInfo | undefined> {
    const pipeline = this.#redis.pipeline()
    pipeline.hmget(sessionKey(this.#prefix, bucket, session), 'i', 'g', 'e', 'q', 'd', 'a', 's', 'p', 'c', 'f', 'w')
    pipeline.zscore(endsKey(this.#prefix, bucket), session)
    const [state, ends] = (await execute(pipeline)) as [(string | null)[], string | null]
    const [incarnation, gateway, epoch, seq, done, acknowledged, stored, principal, accepted, finished, waiting] = state
    if (incarnation === null) return undefined
    return {
      session,
      principal: principal ?? '',
      gateway: gateway ?? '',
      epoch: Number(epoch),
      incarnation,
      seq: Number(seq),
      acknowledged: Number(acknowledged),
      storedMark: Number(stored),
      doneMark: Number(done),
      expiresAt: Number(ends ?? 0),
      accepted: Number(accepted),
      finished: Number(finished),
      waiting: Number(waiting),
    }
  }

  async list(limit: number): Promise<{ total: number; sessions: string[] }> {
    const pipeline = this.#redis.pipeline()
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      pipeline.zcard(endsKey(this.#prefix, bucket))
      pipeline.zrange(endsKey(this.#prefix, bucket), 0, String(Math.ceil(limit / BUCKETS)))
    }
    const replies = await execute(pipeline)
    let total = 0
    const sessions: string[] = []
    for (let i = 0; i < replies.length; i += 2) {
      total += replies[i] as number
      sessions.push(...(replies[i + 1] as string[]))
    }
    return { total, sessions: sessions.slice(0, limit) }
  }

  async ledger(): Promise<Ledger> {
    const pipeline = this.#redis.pipeline()
    for (let bucket = 0; bucket < BUCKETS; bucket++) pipeline.hgetall(totalsKey(this.#prefix, bucket))
    return ledgerOf((await execute(pipeline)) as Record<string, string>[])
  }

  async inFlight(buckets: readonly number[], limit: number): Promise<{ session: string; inFlight: number }[]> {
    const found: { session: string; inFlight: number }[] = []
    for (const bucket of buckets) {
      const sessions = await this.#redis.zrange(endsKey(this.#prefix, bucket), 0, '-1')
      const pipeline = this.#redis.pipeline()
      for (const session of sessions) pipeline.hmget(sessionKey(this.#prefix, bucket, session), 'c', 'f', 'w')
      const states = (await execute(pipeline)) as (string | null)[][]
      states.forEach(([accepted, finished, waiting], index) => {
        const inFlight = Number(accepted) - Number(finished) - Number(waiting)
        if (inFlight > 0) found.push({ session: sessions[index], inFlight })
      })
      if (found.length >= limit) break
    }
    return found.slice(0, limit)
  }

  async ping(): Promise<void> {
    await this.#redis.ping()
  }

  async close(): Promise<void> {
    await closeRedis(this.#redis)
  }
}

/** Runs a pipeline; the first error of any of its commands is thrown. */
async function execute(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}
