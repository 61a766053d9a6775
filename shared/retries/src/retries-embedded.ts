import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import { type DataFolder, type Parking, parkingOf, type Table } from '@causeway/embedded'
import { sessionOfLane } from '@causeway/protocol'
import type { Logger } from '@causeway/telemetry'
import { EmbeddedAuditLog } from './audit-embedded.ts'
import type { DeadLetter, ParkAnswer, Retries, RetryCounts, RetryMessage, RetryRunner, RetryWorker } from './retries.ts'
import { deadLettersBoard, jobsBoard } from './retries-embedded-board.ts'
import { EmbeddedDeadLetters } from './retries-embedded-dead.ts'
import { Jobs } from './retries-embedded-jobs.ts'
import { decodeStored, encodeStored, type StoredRetry } from './retries-embedded-message.ts'
import { EmbeddedRetryWorker } from './retries-embedded-worker.ts'

/**
 * The retries of one process, in its data folder. A head and its job, and a finish and the parked message it takes out,
 * each change in one group commit, so a head without a job is found only when the folder is opened after a crash between
 * a finish and the next parked message's run; it gets one then. Jobs that ran when the process died run again at once.
 */
export async function openEmbeddedRetries(folder: DataFolder, options: { logger: Logger }): Promise<Retries> {
  const retries = new EmbeddedRetries(folder, options.logger)
  await retries.restore()
  return retries
}

class EmbeddedRetries implements Retries {
  readonly #folder: DataFolder
  readonly #logger: Logger
  readonly #table: Table
  readonly #parking: Parking
  readonly deadLetters: EmbeddedDeadLetters
  readonly audit: EmbeddedAuditLog
  readonly #services = new Map<string, Jobs>()
  readonly #workers = new Map<string, Set<EmbeddedRetryWorker>>()

  constructor(folder: DataFolder, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
    this.#table = folder.table('retries')
    this.#parking = parkingOf(folder)
    this.deadLetters = new EmbeddedDeadLetters(folder, logger)
    this.audit = new EmbeddedAuditLog(folder)
  }

  async retry(message: RetryMessage, delayMs: number, ordered: boolean): Promise<'kept'> {
    if (this.#isWanted(message) && (!ordered || this.#becomesHead(message))) this.#schedule(message, delayMs, ordered)
    await this.#folder.commit()
    return 'kept'
  }

  async park(messages: readonly RetryMessage[]): Promise<ParkAnswer[]> {
    const answers = messages.map(message => this.#park(message))
    await this.#folder.commit()
    return answers
  }

  async heads(service: string, buckets: readonly number[]): Promise<string[]> {
    return this.#parking.lanes(service, buckets)
  }

  async work(service: string, runner: RetryRunner, concurrency: number): Promise<RetryWorker> {
    const workers = this.#workers.get(service) ?? new Set()
    this.#workers.set(service, workers)
    const jobs = this.#jobs(service)
    const worker: EmbeddedRetryWorker = new EmbeddedRetryWorker({
      service,
      runner,
      concurrency,
      jobs,
      parking: this.#parking,
      logger: this.#logger,
      closed: () => workers.delete(worker),
    })
    workers.add(worker)
    worker.look()
    return worker
  }

  bury(letter: DeadLetter): Promise<void> {
    return this.deadLetters.bury(letter)
  }

  async counts(service: string): Promise<RetryCounts> {
    return { retrying: this.#jobs(service).count, parked: this.#parking.count(service), dead: this.deadLetters.count(service) }
  }

  board(service: string): BaseAdapter[] {
    return [
      jobsBoard(`${service}-retries`, `Failed messages of ${service}, waiting for their next attempt`, this.#jobs(service)),
      deadLettersBoard(service, this.deadLetters),
      jobsBoard(
        `${service}-replays`,
        `Replays of dead letters of ${service}, waiting for their next attempt`,
        this.deadLetters.replays.jobs(service),
      ),
    ]
  }

  async ping(): Promise<void> {
    if (this.#folder.failure) throw this.#folder.failure
  }

  /** Stops every worker at once; what ran stays stored and runs again when the folder is opened. */
  async close(): Promise<void> {
    const workers = [...this.#workers.values()].flatMap(each => [...each])
    await Promise.all([this.deadLetters.replays.close(), ...workers.map(worker => worker.close(0))])
  }

  /** Takes up what is stored: jobs, but those whose head has moved on, and heads whose job is missing. */
  async restore(): Promise<void> {
    for (const { value } of this.#table.entries()) {
      const { message, dueAt, ordered } = decodeStored<StoredRetry>(value)
      const jobs = this.#jobs(message.service)
      jobs.remember(message, dueAt, ordered)
      if (!ordered) this.#parking.waiting.add(message.session, message.msgId, 'retrying')
      if (ordered && this.#parking.head(message.service, message.lane ?? message.session) !== message.msgId)
        jobs.remove(jobs.find(message.session, message.msgId)!)
    }
    for (const service of this.#parking.services()) for (const lane of this.#parking.lanes(service)) await this.#restoreHead(service, lane)
    await this.#folder.commit()
  }

  /** A head that moved on to what is parked behind it, or whose job ended with it. */
  async #restoreHead(service: string, lane: string): Promise<void> {
    const head = this.#parking.head(service, lane)
    if (head === undefined || this.#jobs(service).find(sessionOfLane(lane), head) !== undefined) return
    const stored = await this.#parking.next(service, lane)
    if (!stored) {
      this.#parking.clear(service, lane)
      return
    }
    const { message } = decodeStored<StoredRetry>(stored)
    this.#parking.setHead(service, lane, message.bucket, message.msgId, message.incarnation)
    this.#schedule(message, 0, true)
  }

  /** Not what has ended meanwhile: read again after a crash, its message may be asked for while its own job ends it. */
  #isWanted({ session, msgId, incarnation }: RetryMessage): boolean {
    return this.#parking.waiting.isUnfinished(session, msgId, incarnation)
  }

  /** Sets the head, unless another message of the lane is it: then the message waits behind. */
  #becomesHead(message: RetryMessage): boolean {
    const { service, session, lane = session, bucket, msgId, incarnation } = message
    const head = this.#parking.head(service, lane)
    if (head === undefined) this.#parking.setHead(service, lane, bucket, msgId, incarnation)
    if (head === undefined || head === msgId) return true
    this.#park(message)
    return false
  }

  #park(message: RetryMessage): ParkAnswer {
    const { service, session, lane = session, msgId, incarnation } = message
    return this.#parking.park(service, lane, msgId, incarnation, encodeStored<StoredRetry>({ message, dueAt: 0, ordered: true }))
  }

  /** A message has one job, that of its highest attempt; an earlier one, or the same again, changes nothing. */
  #schedule(message: RetryMessage, delayMs: number, ordered: boolean): void {
    const jobs = this.#jobs(message.service)
    const present = jobs.find(message.session, message.msgId)
    if (present && present.attempts >= message.attempts) return
    this.#parking.waiting.add(message.session, message.msgId, 'retrying', message.incarnation)
    jobs.add(message, Date.now() + delayMs, ordered)
    for (const worker of this.#workers.get(message.service) ?? []) worker.look()
  }

  #jobs(service: string): Jobs {
    let jobs = this.#services.get(service)
    if (!jobs) {
      jobs = new Jobs(this.#folder, this.#table)
      this.#services.set(service, jobs)
    }
    return jobs
  }
}
