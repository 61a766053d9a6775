import { randomBytes } from 'node:crypto'
import { Script } from '@causeway/redis'
import type { JobsOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import { type BullmqQueues, RUNS } from './bullmq-queues.ts'
import type { LetterName, Replay, ReplayBatch, ReplayOrder } from './dead-letters.ts'
import { deadOpenKey, deadReplaysKey, replayBatchKey } from './dead-letters-keys.ts'
import { BATCH_CHUNK, BATCH_LETTERS, REFUSALS_TOLD, REPLAYS_KEPT } from './dead-letters-limits.ts'
import { RedisReplayBatches } from './replay-batches-redis.ts'
import { begunRecord, type StoredReplay } from './replay-record.ts'
import { beginReplaysScript, settleReplayScript, startReplayScript } from './script-dead-letters.ts'

/** A replay on BullMQ: where to find it, and what befell it so far. */
export interface ReplayJob {
  letter: string
  n: number
  attempts: number
  errors: Replay['errors']
}

export const replayJobId = (letter: string, n: number): string => `${letter}-r${n}`

/** Replays in Redis: begun, cancelled and ended by scripts, run by jobs of BullMQ. */
export class RedisReplays {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #queues: BullmqQueues
  readonly batches: RedisReplayBatches
  readonly #begin = new Script(beginReplaysScript)
  readonly #start = new Script(startReplayScript)
  readonly #settle = new Script(settleReplayScript)

  constructor(redis: Redis, prefix: string, queues: BullmqQueues) {
    this.#redis = redis
    this.#prefix = prefix
    this.#queues = queues
    this.batches = new RedisReplayBatches(redis, prefix)
  }

  async replay(order: ReplayOrder, letters: readonly LetterName[]): Promise<ReplayBatch> {
    if (letters.length > BATCH_LETTERS) throw new RangeError(`a batch of ${letters.length} letters: expected at most ${BATCH_LETTERS}`)
    const id = randomBytes(6).toString('hex')
    const at = Date.now()
    await this.batches.create(id, at, letters.length, order)
    const dues = new Map(letters.map((letter, index) => [letter, at + Math.floor((index * 1_000) / order.perSecond)]))
    let begun = 0
    for (const [service, ofService] of Map.groupBy(letters, letter => letter.service)) {
      for (let from = 0; from < ofService.length; from += BATCH_CHUNK) {
        const chunk = ofService.slice(from, from + BATCH_CHUNK)
        const due = chunk.map(letter => dues.get(letter)!)
        begun += await this.#beginChunk(service, id, at, order, chunk, due)
      }
    }
    await this.batches.seal(id, letters.length - begun)
    return (await this.batches.get(id))!
  }

  /** How many letters were looked at: none once the batch is cancelled. */
  async #beginChunk(service: string, batch: string, at: number, order: ReplayOrder, letters: readonly LetterName[], dues: number[]) {
    const record = begunRecord(batch, at, order)
    const given = {
      ...{ batch, dues, batchKey: replayBatchKey(this.#prefix, batch), replays: deadReplaysKey(this.#prefix, service, '') },
      ...{ jobs: this.#queues.jobKey(service, 'dead'), open: deadOpenKey(this.#prefix, service), ids: letters.map(({ id }) => id) },
      ...{ record: JSON.stringify(record), kept: REPLAYS_KEPT, told: REFUSALS_TOLD },
    }
    const reply = await this.#begin.run(this.#redis, JSON.stringify(given))
    // an empty table of Lua
    const numbers = reply as number[]
    const jobs = letters.flatMap(({ id }, index) => (numbers[index] > 0 ? [{ letter: id, n: numbers[index], dueAt: dues[index] }] : []))
    await this.schedule(service, jobs)
    return numbers.length
  }

  /** Adds jobs; those that are there already stay as they are. */
  async schedule(service: string, jobs: readonly { letter: string; n: number; dueAt: number }[]): Promise<void> {
    if (jobs.length === 0) return
    const now = Date.now()
    const bulk = jobs.map(({ letter, n, dueAt }) => {
      const data: ReplayJob = { letter, n, attempts: 0, errors: [] }
      const opts: JobsOptions = {
        jobId: replayJobId(letter, n),
        delay: Math.max(0, dueAt - now),
        attempts: RUNS,
        backoff: { type: 'custom' },
        removeOnComplete: true,
      }
      return { name: 'replay', data, opts }
    })
    await this.#queues.of(service, 'replays').addBulk(bulk)
  }

  /** Of a letter, by number. */
  async of(service: string, id: string): Promise<Replay[]> {
    const fields = await this.#redis.hgetall(deadReplaysKey(this.#prefix, service, id))
    const records = Object.entries(fields).filter(([name]) => /^r\d+$/.test(name))
    return records.map(([name, text]) => ({ ...(JSON.parse(text) as StoredReplay), n: Number(name.slice(1)) })).sort((a, b) => a.n - b.n)
  }

  /** The stored replay, marked as begun; undefined where it has ended. */
  async start(service: string, letter: string, n: number): Promise<StoredReplay | undefined> {
    const record = await this.#start.run(this.#redis, deadReplaysKey(this.#prefix, service, letter), n)
    return record === null ? undefined : (JSON.parse(String(record)) as StoredReplay)
  }

  /** Keeps what it came to so far, or with an outcome its end; false where it had ended before. `open` guards as in the script. */
  async settle(service: string, letter: string, n: number, record: StoredReplay, open = ''): Promise<boolean> {
    const keys = [
      deadReplaysKey(this.#prefix, service, letter),
      deadOpenKey(this.#prefix, service),
      replayBatchKey(this.#prefix, record.batch),
    ]
    const reply = await this.#settle.run(this.#redis, ...keys, letter, n, JSON.stringify(record), record.outcome ?? '', open)
    return reply === 1
  }

  /** Ends what has not begun; the rest ends its attempt, and meets the stop before its next. */
  async cancel(batch: string, services: readonly string[]): Promise<ReplayBatch | undefined> {
    if ((await this.batches.get(batch)) === undefined) return undefined
    await this.batches.stop(batch)
    for (const service of services) {
      const letters = await this.#redis.zrange(deadOpenKey(this.#prefix, service), '0', '-1')
      for (let from = 0; from < letters.length; from += BATCH_CHUNK)
        await this.#cancelChunk(service, batch, letters.slice(from, from + BATCH_CHUNK))
    }
    return await this.batches.get(batch)
  }

  async #cancelChunk(service: string, batch: string, letters: readonly string[]): Promise<void> {
    const opens = await this.opens(service, letters)
    const unbegun = opens.filter(each => each.batch === batch && !each.isBegun)
    await Promise.all(
      unbegun.map(async ({ letter, n, open }) => {
        const text = await this.#redis.hget(deadReplaysKey(this.#prefix, service, letter), `r${n}`)
        if (text === null) return
        const record = JSON.parse(text) as StoredReplay
        const ended = await this.settle(service, letter, n, { ...record, outcome: 'cancelled', errors: [], finishedAt: Date.now() }, open)
        if (ended) await this.#queues.of(service, 'replays').remove(replayJobId(letter, n))
      }),
    )
  }

  /** Of these letters, those with a replay under way. */
  async opens(service: string, letters: readonly string[]) {
    const pipeline = this.#redis.pipeline()
    for (const letter of letters) pipeline.hget(deadReplaysKey(this.#prefix, service, letter), 'open')
    const replies = (await pipeline.exec()) ?? []
    return replies.flatMap(([error, reply], index) => {
      if (error) throw error
      if (typeof reply !== 'string') return []
      const [n, batch, begun] = reply.split(';')
      return [{ letter: letters[index], n: Number(n), batch, isBegun: begun !== undefined, open: reply }]
    })
  }

  /** Letters whose replay was due before `time`, Unix ms, and has not ended. */
  async overdue(service: string, time: number): Promise<string[]> {
    return await this.#redis.zrangebyscore(deadOpenKey(this.#prefix, service), '-inf', String(time), 'LIMIT', 0, BATCH_CHUNK)
  }
}
