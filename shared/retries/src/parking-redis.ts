import { BUCKETS, headsKey, holdersKey, parkedKey, Script, StoreWitness } from '@causeway/redis'
import type { Redis } from 'ioredis'
import { type ParkAnswer, type PartitionOwner, type RetryMessage, retryJobId } from './retries.ts'
import { fromJob, type RetryJob, toJob } from './retry-job.ts'
import { claimScript, headScript, nextScript, parkScript, retryAloneScript } from './script-park.ts'

const ANSWERS: Record<string, ParkAnswer> = { p: 'parked', g: 'go', h: 'head', l: 'lost' }

/** A head that stands in Redis. */
export interface Head {
  lane: string
  bucket: number
  msgId: number
  jobId: string
  token: string
}

/** What became of a message that was to be its lane's head; ended: it is finished, and nothing was done. */
export type Become = 'head' | 'parked' | 'ended' | 'lost'

/** Heads and parked messages in Redis; finishing them is the finish script's part (shared/sessions). */
export class RedisParking {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #store: StoreWitness
  readonly #head: Script
  readonly #park: Script
  readonly #claim = new Script(claimScript)
  readonly #next = new Script(nextScript)
  readonly #retryAlone: Script

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
    this.#store = new StoreWitness(redis, prefix)
    this.#head = this.#store.script(headScript)
    this.#park = this.#store.script(parkScript)
    this.#retryAlone = this.#store.script(retryAloneScript)
  }

  /** Runs a script that counts its write (shared/redis, script-writes.ts); returns the rest of its reply. */
  async #counted(script: Script, ...args: (string | number)[]): Promise<string> {
    const [answer, write] = (await script.run(this.#redis, this.#prefix, this.#store.seen, ...args)) as [Buffer, number]
    this.#store.saw(write)
    return String(answer)
  }

  /** `token` is '' for the dispatcher; a runner's token moves its head on to this message. */
  async setHead(message: RetryMessage, token: string, owner?: PartitionOwner): Promise<Become> {
    const { bucket, service, session, msgId } = message
    const packed = JSON.stringify(toJob(message, true))
    const ids = [bucket, service, session, msgId, packed, retryJobId(message), token, message.incarnation, ownLane(message)]
    ids.push(...this.#owner(service, owner))
    return (await this.#counted(this.#head, ...ids)) as Become
  }

  /**
   * A message without a head, of a route without order. Called again once its job is added: where the store loses the job it has then lost a
   * counted write too.
   */
  async retryAlone(message: RetryMessage, owner?: PartitionOwner): Promise<'kept' | 'lost'> {
    const { service, bucket, session, msgId, incarnation } = message
    const ids = [bucket, session, msgId, incarnation, ...this.#owner(service, owner)]
    return (await this.#counted(this.#retryAlone, ...ids)) as 'kept' | 'lost'
  }

  #owner(service: string, owner: PartitionOwner | undefined): (string | number)[] {
    return [holdersKey(this.#prefix, service), owner?.partition ?? 0, owner?.worker ?? '']
  }

  /** All of one service. */
  async park(messages: readonly RetryMessage[], owner?: PartitionOwner): Promise<ParkAnswer[]> {
    if (messages.length === 0) return []
    const args = messages.flatMap(message => {
      const { bucket, service, session, msgId } = message
      return [bucket, service, session, msgId, JSON.stringify(toJob(message, true)), message.incarnation, ownLane(message)]
    })
    const letters = await this.#counted(this.#park, ...this.#owner(messages[0].service, owner), ...args)
    return Array.from(letters, letter => ANSWERS[letter])
  }

  async claim(message: RetryMessage, token: string): Promise<boolean> {
    const { bucket, service, msgId } = message
    return (await this.#claim.run(this.#redis, this.#prefix, bucket, service, ownLane(message), msgId, token)) === 1
  }

  async next(message: RetryMessage, token: string): Promise<RetryMessage | undefined> {
    return await this.#first(message.service, message.bucket, ownLane(message), token)
  }

  async #first(service: string, bucket: number, lane: string, token: string): Promise<RetryMessage | undefined> {
    const packed = await this.#next.run(this.#redis, this.#prefix, bucket, service, lane, token)
    return packed === null ? undefined : fromJob(JSON.parse(String(packed)) as RetryJob)
  }

  async heads(service: string, buckets: readonly number[]): Promise<Head[]> {
    const pipeline = this.#redis.pipeline()
    for (const bucket of buckets) pipeline.hgetall(headsKey(this.#prefix, bucket, service))
    const replies = (await pipeline.exec()) ?? []
    return replies.flatMap(([error, reply], index) => {
      if (error) throw error
      const entries = Object.entries(reply as Record<string, string>)
      return entries.map(([lane, head]) => {
        const [token, msgId, ...jobId] = head.split(';')
        return { lane, bucket: buckets[index], token, msgId: Number(msgId), jobId: jobId.join(';') }
      })
    })
  }

  /**
   * The head's own message, from among its parked ones: what a client sent again may stand before it. Where that one is through, and the store forgot
   * which one follows, the first parked; a head with none is cleared.
   */
  async message(service: string, { bucket, lane, msgId, token }: Head): Promise<RetryMessage | undefined> {
    const [packed] = await this.#redis.zrangebyscore(parkedKey(this.#prefix, bucket, service, lane), msgId, msgId)
    return packed === undefined ? await this.#first(service, bucket, lane, token) : fromJob(JSON.parse(packed) as RetryJob)
  }

  /** Messages that wait behind heads, the heads themselves not counted. */
  async countParked(service: string): Promise<number> {
    const heads = await this.heads(service, ALL_BUCKETS)
    const pipeline = this.#redis.pipeline()
    for (const head of heads) pipeline.zcard(parkedKey(this.#prefix, head.bucket, service, head.lane))
    const replies = (await pipeline.exec()) ?? []
    return replies.reduce((sum, [, count]) => sum + Math.max(0, Number(count) - 1), 0)
  }
}

export const ALL_BUCKETS: readonly number[] = Array.from({ length: BUCKETS }, (_, bucket) => bucket)

const ownLane = ({ lane, session }: RetryMessage): string => lane ?? session
