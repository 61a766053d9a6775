import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { closeRedis, connectRedis, DEFAULT_PREFIX, type RedisOptions } from '@causeway/redis'
import type { JobsOptions, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { RedisAuditLog } from './audit-redis.ts'
import { BullmqQueues, RUNS } from './bullmq-queues.ts'
import { BullmqRetryWorker } from './bullmq-worker.ts'
import { BullmqDeadLetters } from './dead-letters-bullmq.ts'
import { RedisParking } from './parking-redis.ts'
import {
  type DeadLetter,
  type ParkAnswer,
  type PartitionOwner,
  type Retries,
  type RetryCounts,
  type RetryMessage,
  type RetryRunner,
  type RetryWorker,
  retryJobId,
} from './retries.ts'
import { type RetryJob, toJob } from './retry-job.ts'

/** Completed retries kept for operators. */
const KEEP_COMPLETED = { age: 3_600, count: 1_000 }

/** Retries and dead letters on BullMQ: queues `<service>-retries`, `<service>-dead` and `<service>-replays`; heads and parked messages beside them in Redis. */
export async function openBullmqRetries(options: RedisOptions): Promise<Retries> {
  const redis = connectRedis(options, 'retries', true)
  await redis.ping()
  return new BullmqRetries(redis, { ...options, prefix: options.prefix ?? DEFAULT_PREFIX })
}

class BullmqRetries implements Retries {
  readonly #redis: Redis
  readonly #options: RedisOptions & { prefix: string }
  readonly #parking: RedisParking
  readonly #queues: BullmqQueues
  readonly deadLetters: BullmqDeadLetters
  readonly audit: RedisAuditLog

  constructor(redis: Redis, options: RedisOptions & { prefix: string }) {
    this.#redis = redis
    this.#options = options
    this.#parking = new RedisParking(redis, options.prefix)
    this.#queues = new BullmqQueues(redis, options)
    this.deadLetters = new BullmqDeadLetters(redis, options.prefix, this.#queues, options.logger)
    this.audit = new RedisAuditLog(redis, options.prefix)
  }

  async retry(message: RetryMessage, delayMs: number, ordered: boolean, owner?: PartitionOwner): Promise<'kept' | 'lost'> {
    const become = ordered ? await this.#parking.setHead(message, '', owner) : await this.#parking.retryAlone(message, owner)
    if (become === 'lost') return 'lost'
    if (become !== 'parked' && become !== 'ended') await this.#schedule(message, delayMs, ordered)
    // the job of a head that loses it is added again by the sweep; this one's loss has to be seen
    if (!ordered) await this.#parking.retryAlone(message, owner)
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
    await this.#queues.of(message.service, 'retries').add(message.route, toJob(message, ordered), job)
  }

  park(messages: readonly RetryMessage[], owner?: PartitionOwner): Promise<ParkAnswer[]> {
    return this.#parking.park(messages, owner)
  }

  async heads(service: string, buckets: readonly number[]): Promise<string[]> {
    return (await this.#parking.heads(service, buckets)).map(head => head.lane)
  }

  async work(service: string, runner: RetryRunner, concurrency: number): Promise<RetryWorker> {
    return new BullmqRetryWorker({
      queue: this.#queues.of(service, 'retries') as Queue<RetryJob>,
      connection: this.#redis,
      prefix: this.#queues.prefix,
      parking: this.#parking,
      schedule: (message, delayMs) => this.#schedule(message, delayMs, true),
      service,
      runner,
      concurrency,
      logger: this.#options.logger,
    }).start()
  }

  bury(letter: DeadLetter): Promise<void> {
    return this.deadLetters.bury(letter)
  }

  async counts(service: string): Promise<RetryCounts> {
    const [retrying, dead, parked] = await Promise.all([
      this.#queues.of(service, 'retries').getJobCountByTypes('delayed', 'active', 'waiting'),
      this.#queues.of(service, 'dead').getJobCountByTypes('waiting'),
      this.#parking.countParked(service),
    ])
    return { retrying, parked, dead }
  }

  board(service: string): BaseAdapter[] {
    const retries = new BullMQAdapter(this.#queues.of(service, 'retries'), {
      description: `Failed messages of ${service}, waiting for their next attempt`,
    })
    const dead = new BullMQAdapter(this.#queues.of(service, 'dead'), {
      description: `Dead letters of ${service}: attempts exhausted or given up`,
    })
    const replays = new BullMQAdapter(this.#queues.of(service, 'replays'), {
      description: `Replays of dead letters of ${service}, waiting for their next attempt`,
    })
    return [retries, dead, replays]
  }

  async ping(): Promise<void> {
    await this.#redis.ping()
  }

  async close(): Promise<void> {
    await this.#queues.close()
    await closeRedis(this.#redis)
  }
}
