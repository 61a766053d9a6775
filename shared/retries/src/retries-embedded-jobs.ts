import { compositeKey, type DataFolder, type Table } from '@causeway/embedded'
import type { RetryMessage } from './retries.ts'
import { decodeStored, encodeStored, type StoredRetry } from './retries-embedded-message.ts'

/** A scheduled or running attempt; its message lies on disk. */
export interface Job {
  readonly service: string
  readonly session: string
  readonly lane: string
  readonly msgId: number
  readonly attempts: number
  readonly ordered: boolean
  /** Unix ms. */
  readonly dueAt: number
  isRunning: boolean
}

/** The jobs of one service: one a message at most, waiting ones by due time. */
export class Jobs {
  readonly #folder: DataFolder
  readonly #table: Table
  readonly #byMessage = new Map<string, Job>()
  /** Ascending by due time. */
  readonly #waiting: Job[] = []

  constructor(folder: DataFolder, table: Table) {
    this.#folder = folder
    this.#table = table
  }

  get count(): number {
    return this.#byMessage.size
  }

  all(): Job[] {
    return [...this.#byMessage.values()]
  }

  find(session: string, msgId: number): Job | undefined {
    return this.#byMessage.get(messageKey(session, msgId))
  }

  /** Stores a job in place of the message's former one. */
  add(message: RetryMessage, dueAt: number, ordered: boolean): void {
    this.remember(message, dueAt, ordered)
    const value = encodeStored<StoredRetry>({ message, dueAt, ordered })
    this.#folder.write(transaction => transaction.put(this.#table, keyOf(message), value), ignoreCommit)
  }

  /** Takes up a job that is stored already. */
  remember({ service, session, lane = session, msgId, attempts }: RetryMessage, dueAt: number, ordered: boolean): void {
    this.#forget(session, msgId)
    const job: Job = { service, session, lane, msgId, attempts, ordered, dueAt, isRunning: false }
    this.#byMessage.set(messageKey(session, msgId), job)
    this.#waiting.splice(this.#place(dueAt), 0, job)
  }

  remove(job: Job): void {
    if (this.find(job.session, job.msgId) !== job) return
    this.#forget(job.session, job.msgId)
    this.#folder.write(transaction => transaction.remove(this.#table, keyOf(job)), ignoreCommit)
  }

  /** ms until the next waiting job is due; undefined where none waits. */
  wait(now: number): number | undefined {
    return this.#waiting[0] && Math.max(0, this.#waiting[0].dueAt - now)
  }

  /** The next due job, now running. */
  take(now: number): Job | undefined {
    if (this.wait(now) !== 0) return undefined
    const job = this.#waiting.shift()!
    job.isRunning = true
    return job
  }

  /** The message as the job has it: what lies on disk may be its former attempt, while the present one is in the group that is in the air. */
  async read(job: Job): Promise<RetryMessage | undefined> {
    const stored = this.#stored(job)
    if (stored?.attempts === job.attempts) return stored
    await this.#folder.commit()
    return this.#stored(job)
  }

  #stored(job: Job): RetryMessage | undefined {
    const stored = this.#table.get(keyOf(job))
    return stored && decodeStored<StoredRetry>(stored).message
  }

  #forget(session: string, msgId: number): void {
    const key = messageKey(session, msgId)
    const job = this.#byMessage.get(key)
    if (!job) return
    this.#byMessage.delete(key)
    const at = this.#waiting.indexOf(job)
    if (at >= 0) this.#waiting.splice(at, 1)
  }

  /** Behind those due at the same time. */
  #place(dueAt: number): number {
    let [low, high] = [0, this.#waiting.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#waiting[middle]!.dueAt <= dueAt) low = middle + 1
      else high = middle
    }
    return low
  }
}

// A failed commit is fatal for the folder, and whoever waits for the same group is told.
const ignoreCommit = (): void => {}
const messageKey = (session: string, msgId: number): string => `${msgId} ${session}`
const keyOf = ({ service, session, msgId }: { service: string; session: string; msgId: number }): Buffer =>
  compositeKey(service, session, msgId)
