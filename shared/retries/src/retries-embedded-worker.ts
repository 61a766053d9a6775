import { setTimeout as sleep } from 'node:timers/promises'
import type { Parking } from '@causeway/embedded'
import type { Logger } from '@causeway/telemetry'
import type { RetryMessage, RetryRunner, RetryWorker, RunnerLease } from './retries.ts'
import type { Job, Jobs } from './retries-embedded-jobs.ts'
import { decodeStored } from './retries-embedded-message.ts'

/** ms until a job whose run failed, because a backend was away, is run again. */
const RERUN_DELAY_MS = 1_000
/** ms; the longest a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface EmbeddedWorkerOptions {
  service: string
  runner: RetryRunner
  concurrency: number
  jobs: Jobs
  parking: Parking
  logger: Logger
  closed(): void
}

/** Runs a service's due jobs; behind an ordered one, what is parked, in order. One timer waits for the next due job. */
export class EmbeddedRetryWorker implements RetryWorker {
  readonly #options: EmbeddedWorkerOptions
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #isClosing = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: EmbeddedWorkerOptions) {
    this.#options = options
  }

  /** Takes what is due, as far as there is room, and waits for the next. */
  look(): void {
    clearTimeout(this.#timer)
    const { jobs, concurrency } = this.#options
    while (!this.#isClosing && this.#running.size < concurrency) {
      const job = jobs.take(Date.now())
      if (!job) break
      const running = this.#run(job).finally(() => {
        this.#running.delete(running)
        this.look()
      })
      this.#running.add(running)
    }
    const wait = jobs.wait(Date.now())
    if (!this.#isClosing && wait !== undefined && this.#running.size < concurrency)
      this.#timer = setTimeout(() => this.look(), Math.min(wait, MAX_TIMER_MS))
  }

  async close(timeoutMs: number): Promise<void> {
    if (!this.#isClosing) this.#options.closed()
    this.#isClosing = true
    clearTimeout(this.#timer)
    const ended = Promise.all(this.#running)
    if (this.#running.size > 0) await Promise.race([ended, sleep(timeoutMs, undefined, { ref: false })])
    this.#stopping.abort()
  }

  async #run(job: Job): Promise<void> {
    try {
      await (job.ordered ? this.#runHead(job) : this.#runAlone(job))
    } catch (error) {
      const { service, logger } = this.#options
      logger.warn({ err: error, service, session: job.session, msgId: job.msgId }, 'a retry could not run and will be run again')
      await this.#runAgain(job).catch(again => logger.warn({ err: again, service }, 'a retry waits for the next start'))
    }
  }

  async #runAlone(job: Job): Promise<void> {
    const { jobs, runner } = this.#options
    const message = await jobs.read(job)
    const outcome = message && (await runner.run(message, undefined))
    if (outcome?.kind === 'retry') jobs.add(outcome.message, Date.now() + outcome.delayMs, false)
    else jobs.remove(job)
  }

  /** The head, then what is parked behind it, until the head is cleared or one fails and is the new head. */
  async #runHead(job: Job): Promise<void> {
    const { jobs, parking, runner, service } = this.#options
    const head = await jobs.read(job)
    const token = parking.head(service, job.lane) === job.msgId ? parking.lease(service, job.lane) : undefined
    if (!head || token === undefined) return jobs.remove(job) // the finish that cleared the head was its end
    const lease: RunnerLease = { token, signal: this.#stopping.signal }
    for (let message: RetryMessage | undefined = head; message; message = await this.#next(job.lane)) {
      const outcome = await runner.run(message, lease)
      if (outcome.kind === 'retry') return this.#makeHead(job, outcome.message, outcome.delayMs)
      if (outcome.parked === undefined && parking.head(service, job.lane) !== undefined)
        throw new Error('a finish did not say what became of its head')
      jobs.remove(job)
      if (outcome.parked !== 'more') return
      if (this.#isClosing) return this.#scheduleNext(job.lane, 0)
    }
  }

  #makeHead(job: Job, message: RetryMessage, delayMs: number): void {
    const { jobs, parking, service } = this.#options
    if (job.msgId !== message.msgId) jobs.remove(job)
    parking.setHead(service, job.lane, message.bucket, message.msgId, message.incarnation)
    jobs.add(message, Date.now() + delayMs, true)
  }

  async #next(lane: string): Promise<RetryMessage | undefined> {
    const bytes = await this.#options.parking.next(this.#options.service, lane)
    return bytes && decodeStored<{ message: RetryMessage }>(bytes).message
  }

  /** Gives the first parked message a job: it is the head now. */
  async #scheduleNext(lane: string, delayMs: number): Promise<void> {
    const { jobs, parking, service } = this.#options
    const message = await this.#next(lane)
    if (!message || parking.head(service, lane) !== 0) return
    parking.setHead(service, lane, message.bucket, message.msgId, message.incarnation)
    jobs.add(message, Date.now() + delayMs, true)
  }

  async #runAgain(job: Job): Promise<void> {
    const { jobs, parking, service } = this.#options
    if (jobs.find(job.session, job.msgId) === job) {
      const message = await jobs.read(job)
      if (message) jobs.add(message, Date.now() + RERUN_DELAY_MS, job.ordered)
    } else if (parking.head(service, job.lane) === 0) await this.#scheduleNext(job.lane, RERUN_DELAY_MS)
  }
}
