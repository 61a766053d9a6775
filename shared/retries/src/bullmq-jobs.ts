import type { Logger } from '@causeway/telemetry'
import { type Job, type Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'

/** A runner that died loses its job after so long, ms; BullMQ renews the lock at half of it. */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** A job may stall as often as it must: each stall counts as an attempt, and the attempts are counted by us. */
const MAX_STALLED = 1_000_000
/** Wait before a job whose run met an absent backend is run again, ms. */
const BACKEND_RETRY_MS = 1_000
/** How often what is due is held against its jobs, ms. */
const SWEEP_MS = 15_000

/** Thrown by a run whose message wants another attempt: BullMQ keeps the error for operators and delays the job. */
export class RetryLater extends Error {
  readonly delayMs: number

  constructor(text: string, delayMs: number) {
    super(text)
    this.name = 'RetryLater'
    this.delayMs = delayMs
  }
}

export interface BullmqJobsOptions<Data> {
  queue: Queue<Data>
  connection: Redis
  prefix: string
  service: string
  concurrency: number
  logger: Logger
  run(job: Job<Data>): Promise<string>
  /** Gives a job to what has lost its own; never rejects. One at a time: two would schedule the same twice. */
  sweep(): Promise<void>
  /** How often, ms. Default 15 s. */
  sweepMs?: number
}

/** Runs the due jobs of one queue: RetryLater delays a job, any other error is an absent backend's, and the job of a runner that died is run again. */
export class BullmqJobs<Data> {
  readonly #options: BullmqJobsOptions<Data>
  readonly #worker: Worker<Data>
  readonly #sweeper: NodeJS.Timeout
  #sweeping = false

  constructor(options: BullmqJobsOptions<Data>) {
    this.#options = options
    const { queue, connection, prefix, concurrency, logger, service } = options
    this.#worker = new Worker<Data>(queue.name, job => options.run(job), {
      connection,
      prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED,
      autorun: false,
      settings: { backoffStrategy: (_made, _type, error) => (error instanceof RetryLater ? error.delayMs : BACKEND_RETRY_MS) },
    })
    this.#worker.on('error', error => logger.warn({ service, error: error.message }, 'retries: worker error'))
    this.#sweeper = setInterval(() => void this.#sweepAlone(), options.sweepMs ?? SWEEP_MS)
  }

  async start(): Promise<this> {
    this.#worker.run().catch(error => this.#options.logger.error({ error: (error as Error).message }, 'retries: the worker stopped'))
    await this.#worker.waitUntilReady()
    return this
  }

  async #sweepAlone(): Promise<void> {
    if (this.#sweeping) return
    this.#sweeping = true
    await this.#options.sweep()
    this.#sweeping = false
  }

  /** Takes no more jobs and waits for the running ones; `late` is called where they take longer than `timeoutMs`, and they are left to the next runner. */
  async close(timeoutMs: number, late: () => void = () => undefined): Promise<void> {
    clearInterval(this.#sweeper)
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<void>(resolve => {
      timer = setTimeout(() => {
        late()
        resolve()
      }, timeoutMs)
    })
    // BullMQ's close waits for the running jobs, and a second, forced one for the first: past the time they are left to the next runner
    const closed = this.#worker.close().catch(error => {
      this.#options.logger.warn(
        { service: this.#options.service, error: (error as Error).message },
        'retries: the worker did not close well',
      )
    })
    await Promise.race([closed, over])
    clearTimeout(timer)
  }
}
