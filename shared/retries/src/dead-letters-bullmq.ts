import { Script } from '@causeway/redis'
import type { Logger } from '@causeway/telemetry'
import type { Redis } from 'ioredis'
import type { BullmqQueues } from './bullmq-queues.ts'
import { BullmqReplayWorker } from './bullmq-replay-worker.ts'
import type {
  DeadLetterEntry,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterSummary,
  DeadLetters,
  Discard,
  LetterName,
  ReplayBatch,
  ReplayOrder,
  ReplayOutcome,
  ReplayRunner,
} from './dead-letters.ts'
import { deadAboutKey, deadKey, deadReplaysKey, deadServicesKey } from './dead-letters-keys.ts'
import { READ_CHUNK } from './dead-letters-limits.ts'
import { aboutLetter, isBehind, type LetterAbout, letterPage, type Place } from './dead-letters-page.ts'
import { RedisReplays } from './replays-redis.ts'
import { type DeadLetter, deadLetterId, isDeadLetterId, type RetryWorker } from './retries.ts'
import { type DeadLetterJob, fromJob, toDeadLetterJob } from './retry-job.ts'
import { listLetterScript, unlistLetterScript } from './script-dead-letters.ts'

/** Dead letters as jobs of `<service>-dead`, with a list beside them that can be read by time without their payloads. */
export class BullmqDeadLetters implements DeadLetters {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #queues: BullmqQueues
  readonly #logger: Logger
  readonly #replays: RedisReplays
  readonly #list = new Script(listLetterScript)
  readonly #unlist = new Script(unlistLetterScript)

  constructor(redis: Redis, prefix: string, queues: BullmqQueues, logger: Logger) {
    this.#redis = redis
    this.#prefix = prefix
    this.#queues = queues
    this.#logger = logger
    this.#replays = new RedisReplays(redis, prefix, queues)
  }

  /** First into the queue, which holds the letter, then on the list: what is listed and not in the queue was removed there. */
  async bury(letter: DeadLetter): Promise<void> {
    const { service, route, deadAt } = letter
    const id = deadLetterId(letter)
    await this.#queues.of(service, 'dead').add(route, toDeadLetterJob(letter), { jobId: id })
    const keys = [deadServicesKey(this.#prefix), deadKey(this.#prefix, service), deadAboutKey(this.#prefix, service)]
    await this.#list.run(this.#redis, ...keys, service, id, deadAt, JSON.stringify(aboutLetter(letter)))
  }

  async services(): Promise<string[]> {
    return await this.#redis.zrange(deadServicesKey(this.#prefix), '0', '-1')
  }

  async list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    const source = (service: string, behind: Place | undefined, since: number) => this.#abouts(service, behind, since)
    const page = await letterPage(await this.services(), query, source)
    return { ...page, letters: await this.#summaries(page.letters) }
  }

  async *#abouts(service: string, behind: Place | undefined, since: number): AsyncGenerator<LetterAbout> {
    const key = deadKey(this.#prefix, service)
    let place = behind
    for (let offset = 0; ; ) {
      const rows = await this.#redis.zrevrangebyscore(
        key,
        String(place?.deadAt ?? '+inf'),
        since,
        'WITHSCORES',
        'LIMIT',
        offset,
        READ_CHUNK,
      )
      const places = Array.from({ length: rows.length / 2 }, (_, index) => ({
        service,
        id: rows[2 * index],
        deadAt: Number(rows[2 * index + 1]),
      }))
      const following = places.filter(each => place === undefined || isBehind(each, place))
      const ids = following.map(({ id }) => id)
      for (const text of ids.length === 0 ? [] : await this.#redis.hmget(deadAboutKey(this.#prefix, service), ...ids)) {
        if (text !== null) yield JSON.parse(text) as LetterAbout
      }
      const last = places.at(-1)
      if (last === undefined || places.length < READ_CHUNK) return
      // more letters of one moment than a chunk has: go on behind them by their number
      offset = last.deadAt === place?.deadAt ? offset + READ_CHUNK : 0
      if (place === undefined || isBehind(last, place)) place = last
    }
  }

  /** Those that are still in their queue, with what is known of their replays. */
  async #summaries(letters: readonly LetterAbout[]): Promise<DeadLetterSummary[]> {
    const pipeline = this.#redis.pipeline()
    for (const { service, id } of letters) {
      pipeline.exists(this.#queues.jobKey(service, 'dead') + id)
      pipeline.hmget(deadReplaysKey(this.#prefix, service, id), 'n', 'open', 'last')
    }
    const replies = letters.length === 0 ? [] : ((await pipeline.exec()) ?? [])
    const summaries: DeadLetterSummary[] = []
    for (const [index, letter] of letters.entries()) {
      const [[failure, exists], [, replays]] = replies.slice(2 * index)
      if (failure) throw failure
      if (exists === 0) await this.#unlisted(letter)
      else summaries.push({ ...letter, ...lastReplay(replays as (string | null)[]) })
    }
    return summaries
  }

  async get({ service, id }: LetterName): Promise<DeadLetterEntry | undefined> {
    const [letter, replays] = await Promise.all([this.#letter(service, id), this.#replays.of(service, id)])
    return letter && { ...letter, id, replays }
  }

  async find(ids: readonly string[], service?: string): Promise<(LetterName | undefined)[]> {
    const services = service === undefined ? await this.services() : [service]
    const pipeline = this.#redis.pipeline()
    for (const id of ids) for (const each of services) pipeline.exists(this.#queues.jobKey(each, 'dead') + id)
    const replies = services.length === 0 ? [] : ((await pipeline.exec()) ?? [])
    return ids.map((id, index) => {
      // the queue has keys of its own beside its jobs'
      const found = isDeadLetterId(id) ? services.find((_, at) => replies[index * services.length + at]?.[1] === 1) : undefined
      return found === undefined ? undefined : { service: found, id }
    })
  }

  async #letter(service: string, id: string): Promise<DeadLetter | undefined> {
    const job = await this.#queues.of(service, 'dead').getJob(id)
    if (job === undefined) return undefined
    const data = job.data as DeadLetterJob
    return { ...fromJob(data), deadAt: data.deadAt, reason: data.reason }
  }

  async discard(letters: readonly LetterName[]): Promise<Discard[]> {
    const discards: Discard[] = []
    for (const letter of letters) discards.push(await this.#discard(letter))
    return discards
  }

  async #discard({ service, id }: LetterName): Promise<Discard> {
    const unlisted = await this.#unlisted({ service, id })
    if (unlisted < 0) return 'underWay'
    const queued = await this.#redis.exists(this.#queues.jobKey(service, 'dead') + id)
    if (queued === 1) await this.#queues.of(service, 'dead').remove(id)
    return unlisted + queued > 0 ? 'discarded' : 'missing'
  }

  async #unlisted({ service, id }: LetterName): Promise<number> {
    const keys = [deadKey(this.#prefix, service), deadAboutKey(this.#prefix, service), deadReplaysKey(this.#prefix, service, id)]
    return Number(await this.#unlist.run(this.#redis, ...keys, id))
  }

  replay(order: ReplayOrder, letters: readonly LetterName[]): Promise<ReplayBatch> {
    return this.#replays.replay(order, letters)
  }

  batches(): Promise<ReplayBatch[]> {
    return this.#replays.batches.list()
  }

  batch(id: string): Promise<ReplayBatch | undefined> {
    return this.#replays.batches.get(id)
  }

  async cancel(id: string): Promise<ReplayBatch | undefined> {
    return await this.#replays.cancel(id, await this.services())
  }

  async work(service: string, runner: ReplayRunner, concurrency: number): Promise<RetryWorker> {
    const letter = (of: string, id: string) => this.#letter(of, id)
    const { queues, replays, logger } = { queues: this.#queues, replays: this.#replays, logger: this.#logger }
    return await new BullmqReplayWorker({ connection: this.#redis, queues, replays, letter, service, runner, concurrency, logger }).start()
  }
}

function lastReplay([n, open, last]: (string | null)[]): Pick<DeadLetterSummary, 'replays' | 'lastReplay'> {
  const outcome = open !== null ? 'underWay' : (last as ReplayOutcome | null)
  return { replays: Number(n ?? 0), ...(outcome === null ? {} : { lastReplay: outcome }) }
}
