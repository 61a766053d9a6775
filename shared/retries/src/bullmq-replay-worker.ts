import type { Logger } from '@causeway/telemetry'
import type { Job } from 'bullmq'
import type { Redis } from 'ioredis'
import { BullmqJobs, RetryLater } from './bullmq-jobs.ts'
import type { BullmqQueues } from './bullmq-queues.ts'
import type { ReplayRunner } from './dead-letters.ts'
import { endedRecord, replayRun, type StoredReplay } from './replay-record.ts'
import { type RedisReplays, type ReplayJob, replayJobId } from './replays-redis.ts'
import type { DeadLetter, RetryWorker } from './retries.ts'

/** A replay that is due for so long and has no job never got one, ms. */
const JOBLESS_MS = 5_000

export interface BullmqReplayWorkerOptions {
  connection: Redis
  queues: BullmqQueues
  replays: RedisReplays
  letter(service: string, id: string): Promise<DeadLetter | undefined>
  service: string
  runner: ReplayRunner
  concurrency: number
  /** Default 15 s. */
  sweepMs?: number
  logger: Logger
}

/** Runs a service's due replays. */
export class BullmqReplayWorker implements RetryWorker {
  readonly #options: BullmqReplayWorkerOptions
  readonly #jobs: BullmqJobs<ReplayJob>

  constructor(options: BullmqReplayWorkerOptions) {
    this.#options = options
    const { queues, service } = options
    this.#jobs = new BullmqJobs({
      ...options,
      queue: queues.of(service, 'replays'),
      prefix: queues.prefix,
      run: job => this.#run(job),
      sweep: () => this.#sweep(),
    })
  }

  async start(): Promise<this> {
    await this.#jobs.start()
    return this
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#jobs.close(timeoutMs)
  }

  async #run(job: Job<ReplayJob>): Promise<string> {
    const { replays, service, runner } = this.#options
    const { letter: id, n, errors = [] } = job.data
    const record = await replays.start(service, id, n)
    if (record === undefined) return 'it has ended before'
    const attempts = job.data.attempts + job.stalledCounter
    const [edit, letter] = await Promise.all([replays.batches.edit(record.batch), this.#options.letter(service, id)])
    if (edit === undefined && record.result === undefined)
      return await this.#end(id, n, endedRecord(record, { outcome: 'cancelled', errors }))
    if (letter === undefined)
      return await this.#end(id, n, endedRecord(record, { outcome: 'failed', error: 'the letter was removed', errors }))
    const step = await runner.run(replayRun({ letter, record, n, edit: edit ?? {}, attempts, errors }), async result => {
      await replays.settle(service, id, n, { ...record, result })
    })
    if (step.kind === 'ended') return await this.#end(id, n, endedRecord(record, step))
    await job.updateData({ ...job.data, attempts: attempts + (step.counts ? 1 : 0) - job.stalledCounter, errors: step.errors })
    throw new RetryLater(step.errors.at(-1)?.error ?? 'failed', step.delayMs)
  }

  async #end(id: string, n: number, record: StoredReplay): Promise<string> {
    const { replays, service } = this.#options
    return (await replays.settle(service, id, n, record)) ? record.outcome! : 'it has ended before'
  }

  /** A replay without a job (whoever began it died between the two steps) gets one. */
  async #sweep(): Promise<void> {
    const { replays, queues, service, logger } = this.#options
    try {
      const letters = await replays.overdue(service, Date.now() - JOBLESS_MS)
      for (const { letter, n } of letters.length === 0 ? [] : await replays.opens(service, letters)) {
        const queue = queues.of(service, 'replays')
        const state = await queue.getJobState(replayJobId(letter, n))
        if (state !== 'unknown' && state !== 'completed' && state !== 'failed') continue
        logger.warn({ service, letter, replay: n, state }, 'retries: a replay had no job, scheduled again')
        if (state !== 'unknown') await (await queue.getJob(replayJobId(letter, n)))?.remove()
        await replays.schedule(service, [{ letter, n, dueAt: 0 }])
      }
    } catch (error) {
      logger.warn({ service, error: (error as Error).message }, 'retries: the sweep for replays without a job failed')
    }
  }
}
