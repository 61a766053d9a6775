import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { closeRedis, connectRedis, DEFAULT_PREFIX, type RedisOptions } from '@causeway/redis'
import { type JobsOptions, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { BullmqRetryWorker } from './bullmq-worker.ts'
import { RedisParking } from './parking-redis.ts'
import {
  type DeadLetter,
  type DeadLetterEntry,
  deadLetterId,
  type ParkAnswer,
  type PartitionOwner,
  type Retries,
  type RetryCounts,
  type RetryMessage,
  type RetryRunner,
  type RetryWorker,
  retryJobId,
} from './retries.ts'
import { type DeadLetterJob, fromJob, type RetryJob, toDeadLetterJob, toJob } from './retry-job.ts'

/**
 * BullMQ may run a job as often as it must: when to give up is the worker's decision, taken inside the run, and a run that
 * met an absent backend is no attempt.
 */
const RUNS = 1_000_000
/** Completed retries kept for operators. */
const KEEP_COMPLETED = { age: 3_600, count: 1_000 }

/** Retries and dead letters on BullMQ: queues `<service>-retries` and `<service>-dead`; heads and parked messages beside them in Redis. */
export async function openBullmqRetries(options: RedisOptions): Promise<Retries> {
  const redis = connectRedis(options, 'retries', true)
  await redis.ping()
  return new BullmqRetries(redis, { ...options, prefix: options.prefix ?? DEFAULT_PREFIX })
}

class BullmqRetries implements Retries {
  readonly #redis: Redis
  readonly #options: RedisOptions & { prefix: string }
  readonly #parking: RedisParking
  readonly #queues = new Map<string, Queue>()

  constructor(redis: Redis, options: RedisOptions & { prefix: string }) {
    this.#redis = redis
    this.#options = options
    this.#parking = new RedisParking(redis, options.prefix)
  }

  async retry(message: RetryMessage, delayMs: number, ordered: boolean, owner?: PartitionOwner): Promise<'kept' | 'lost'> {
    const become = ordered ? await this.#parking.setHead(message, '', owner) : await this.#parking.retryAlone(message, owner)
    if (become === 'lost') return 'lost'
    if (become !== 'parked') await this.#schedule(message, delayMs, ordered)
    return 'kept'
  }

  async #schedule(message: RetryMessage, delayMs: number, ordered: boolean): Promise<void> {
    const job: JobsOptions = {
      jobId: retryJobId(message),
      delay: delayMs,
      attempts: RUNS,
      backoff: { type: 'custom' },
      removeOnComplete: KEEP_COMPLETED,
    }
    await this.#queue(message.service, 'retries').add(message.route, toJob(message, ordered), job)
  }

  park(messages: readonly RetryMessage[], owner?: PartitionOwner): Promise<ParkAnswer[]> {
    return this.#parking.park(messages, owner)
  }

  async heads(service: string, buckets: readonly number[]): Promise<string[]> {
    return (await this.#parking.heads(service, buckets)).map(head => head.session)
  }

  async work(service: string, runner: RetryRunner, concurrency: number): Promise<RetryWorker> {
    return new BullmqRetryWorker({
      queue: this.#queue(service, 'retries') as Queue<RetryJob>,
      connection: this.#redis,
      prefix: this.#bullPrefix,
      parking: this.#parking,
      schedule: (message, delayMs) => this.#schedule(message, delayMs, true),
      service,
      runner,
      concurrency,
      logger: this.#options.logger,
    }).start()
  }

  async bury(letter: DeadLetter): Promise<void> {
    await this.#queue(letter.service, 'dead').add(letter.route, toDeadLetterJob(letter), { jobId: deadLetterId(letter) })
  }

  async deadLetters(service: string, limit: number): Promise<DeadLetterEntry[]> {
    const jobs = await this.#queue(service, 'dead').getJobs(['waiting'], 0, limit - 1)
    return jobs.map(job => {
      const data = job.data as DeadLetterJob
      return { ...fromJob(data), deadAt: data.deadAt, reason: data.reason, id: job.id! }
    })
  }

  async counts(service: string): Promise<RetryCounts> {
    const [retrying, dead, parked] = await Promise.all([
      this.#queue(service, 'retries').getJobCountByTypes('delayed', 'active', 'waiting'),
      this.#queue(service, 'dead').getJobCountByTypes('waiting'),
      this.#parking.countParked(service),
    ])
    return { retrying, parked, dead }
  }

  board(service: string): BaseAdapter[] {
    const retries = new BullMQAdapter(this.#queue(service, 'retries'), {
      description: `Failed messages of ${service}, waiting for their next attempt`,
    })
    const dead = new BullMQAdapter(this.#queue(service, 'dead'), {
      description: `Dead letters of ${service}: attempts exhausted or given up`,
    })
    return [retries, dead]
  }

  async ping(): Promise<void> {
    await this.#redis.ping()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(queue => queue.close()))
    await closeRedis(this.#redis)
  }

  get #bullPrefix(): string {
    return `${this.#options.prefix}:bull`
  }

  #queue(service: string, kind: 'retries' | 'dead'): Queue {
    const name = `${service}-${kind}`
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = new Queue(name, { connection: this.#redis, prefix: this.#bullPrefix })
      queue.on('error', error => this.#options.logger.warn({ queue: name, error: error.message }, 'retries: queue error'))
      this.#queues.set(name, queue)
    }
    return queue
  }
}
