import { randomBytes } from 'node:crypto'
import type { Logger } from '@causeway/telemetry'
import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { BullmqJobs, RetryLater } from './bullmq-jobs.ts'
import { ALL_BUCKETS, type RedisParking } from './parking-redis.ts'
import type { RetryMessage, RetryRunner, RetryWorker, RunnerLease } from './retries.ts'
import { fromJob, type RetryJob } from './retry-job.ts'

export interface BullmqWorkerOptions {
  queue: Queue<RetryJob>
  connection: Redis
  prefix: string
  parking: RedisParking
  schedule(message: RetryMessage, delayMs: number): Promise<void>
  service: string
  runner: RetryRunner
  concurrency: number
  /** How often heads are held against their jobs, ms. Default 15 s. */
  sweepMs?: number
  logger: Logger
}

/** Runs a service's due jobs: the head first, then what is parked behind it, in order. */
export class BullmqRetryWorker implements RetryWorker {
  readonly #options: BullmqWorkerOptions
  readonly #jobs: BullmqJobs<RetryJob>
  readonly #stopping = new AbortController()

  constructor(options: BullmqWorkerOptions) {
    this.#options = options
    this.#jobs = new BullmqJobs({ ...options, run: job => this.#run(job), sweep: () => this.#sweep() })
  }

  async start(): Promise<this> {
    await this.#jobs.start()
    return this
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#jobs.close(timeoutMs, () => this.#stopping.abort())
  }

  async #run(job: Job<RetryJob>): Promise<string> {
    const message = fromJob(job.data)
    message.attempts += job.stalledCounter
    if (!job.data.ordered) return await this.#attempt(job, message, undefined)
    const token = randomBytes(6).toString('hex')
    if (!(await this.#options.parking.claim(message, token))) return 'no longer the head'
    return await this.#attempt(job, message, { token, signal: this.#stopping.signal })
  }

  async #attempt(job: Job<RetryJob>, message: RetryMessage, lease: RunnerLease | undefined): Promise<string> {
    const outcome = await this.#options.runner.run(message, lease)
    if (outcome.kind === 'retry') {
      await job.updateData({ ...job.data, attempts: outcome.message.attempts - job.stalledCounter, errors: outcome.message.errors })
      throw new RetryLater(outcome.message.errors.at(-1)?.error ?? 'failed', outcome.delayMs)
    }
    return lease !== undefined && outcome.parked === 'more' ? await this.#runParked(message, lease) : 'finished'
  }

  /** What waited behind the head, in order; one that fails is the new head with a job of its own. */
  async #runParked(head: RetryMessage, lease: RunnerLease): Promise<string> {
    const { parking, runner, schedule } = this.#options
    for (let handled = 0; ; handled++) {
      if (lease.signal.aborted) throw new RetryLater('the worker is stopping', 0)
      const message = await parking.next(head, lease.token)
      if (message === undefined) return `finished, and ${handled} parked behind it`
      const outcome = await runner.run(message, lease)
      if (outcome.kind === 'retry') {
        if ((await parking.setHead(outcome.message, lease.token)) === 'head') await schedule(outcome.message, outcome.delayMs)
        return `finished, and ${handled} parked behind it; message ${message.msgId} is the new head`
      }
      if (outcome.parked !== 'more') return `finished, and ${handled + 1} parked behind it`
    }
  }

  /** A head whose job is gone (its setter died between the two steps, an operator removed it, or the store went back while it ran) is scheduled again. */
  async #sweep(): Promise<void> {
    const { parking, queue, service, schedule, logger } = this.#options
    try {
      for (const head of await parking.heads(service, ALL_BUCKETS)) {
        const state = await queue.getJobState(head.jobId)
        if (state !== 'unknown' && state !== 'completed' && state !== 'failed') continue
        const message = await parking.message(service, head)
        if (message === undefined) continue
        logger.warn({ service, session: message.session, msgId: message.msgId, state }, 'retries: a head had no job, scheduled again')
        if (state !== 'unknown') await (await queue.getJob(head.jobId))?.remove()
        const token = message.msgId === head.msgId ? '' : head.token
        if ((await parking.setHead(message, token)) === 'head') await schedule(message, 0)
      }
    } catch (error) {
      logger.warn({ service, error: (error as Error).message }, 'retries: the sweep for heads without a job failed')
    }
  }
}
