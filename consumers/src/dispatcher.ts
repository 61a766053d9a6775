import { within } from '@causeway/backends'
import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import type { Registry } from '@causeway/registry'
import type { Retries } from '@causeway/retries'
import type { FinishBatcher, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { Assignment } from './assignment.ts'
import type { Counters } from './counters.ts'
import { Handover } from './handover.ts'
import { DRAIN_MS } from './limits.ts'
import type { MessageRunner } from './message-runner.ts'
import { OrderKeys } from './order-keys.ts'
import { Parking } from './parking.ts'
import type { QueueTime } from './queue-time.ts'
import { RepeatCheck } from './repeat-check.ts'
import type { Route } from './route.ts'
import { standingHeads } from './standing-heads.ts'

export interface DispatcherOptions {
  service: string
  worker: string
  routes: ReadonlyMap<string, Route>
  runner: MessageRunner
  finisher: FinishBatcher
  sessions: Sessions
  retries: Retries
  registry: Pick<Registry, 'hold' | 'release' | 'late' | 'settle'>
  /** Buckets of a partition. */
  bucketsOf: (partition: number) => readonly number[]
  concurrency: number
  /** Bytes of the largest payload. */
  maxPayload: number
  /** Keeps a record that is none of ours where operators find it. */
  unreadable: (record: ConsumedRecord, error: Error) => Promise<void>
  queueTime: QueueTime
  counters: Counters
  logger: Logger
}

/**
 * Step 4 of a message's way: per session, or key within it, one at a time and in order, across these side by side. An offset is complete when its
 * finish, park or retry call has returned. All that is known belongs to one assignment (assignment.ts) and goes with it; here is how one follows another.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #handover: Handover
  readonly #next: (partitions: readonly number[]) => Assignment
  #consumer: LogConsumer | undefined
  #assignment: Assignment
  /** The worker stops: no assignment begins anything any more. */
  #ending = false

  constructor(options: DispatcherOptions) {
    const { sessions, counters, logger, maxPayload } = options
    const handover = new Handover(options)
    const parts = {
      ...{ options, handover },
      consumer: () => this.#consumer,
      parking: new Parking(options),
      repeats: new RepeatCheck(sessions, counters, logger),
      keys: new OrderKeys(maxPayload, logger),
      // of whichever assignment it was: the present one waits for it
      lateEnded: (session: string) => this.#assignment.lateEnded(session),
    }
    this.#options = options
    this.#handover = handover
    this.#next = partitions => new Assignment(partitions, parts)
    this.#assignment = this.#next([])
  }

  attach(consumer: LogConsumer): void {
    this.#consumer = consumer
  }

  /** A take-over: nothing known before holds; it waits until the former owners have given up, and reads the heads that stand before the first record. */
  async assigned(partitions: readonly number[]): Promise<void> {
    // what runs goes on to its end under the assignment it has
    if (this.#ending) return
    const former = this.#assignment
    const assignment = this.#next(partitions)
    this.#assignment = assignment
    former.abandon()
    await this.#handover.release(former.running)
    const elsewhere = await this.#handover.take(partitions, () => assignment.stands)
    // one that ends as a head while the heads are read may be missing there
    const here = this.#handover.late
    const standing = await standingHeads(
      this.#options,
      partitions.flatMap(partition => this.#options.bucketsOf(partition)),
    )
    if (!assignment.stands) return
    assignment.begin({ heads: standing && [...standing, ...here], elsewhere, here: this.#handover.late })
    this.#options.logger.info(
      { partitions: partitions.length, heads: standing?.length, late: elsewhere.length + here.length },
      'partitions assigned',
    )
  }

  /**
   * Stops dispatching and waits for what runs, at most DRAIN_MS; what is complete is committed at once, and again then. The partitions are free after
   * that; sessions that still have something in a handler are named.
   */
  async revoked(): Promise<void> {
    const assignment = this.#assignment
    assignment.revoke()
    this.#handover.rebalancing()
    await this.#drain(DRAIN_MS)
    // else the next assignment is there already, and has released them for its own
    const isLast = assignment === this.#assignment
    await Promise.all([this.#lastCommit(), isLast && this.#handover.release(assignment.running)])
  }

  /** The same with another limit, for a worker that stops: nothing begins any more. */
  async stop(timeoutMs: number): Promise<void> {
    this.#ending = true
    this.#assignment.revoke()
    await this.#drain(timeoutMs)
    await Promise.all([this.#lastCommit(), this.#handover.leave(this.#assignment.running)])
  }

  /** After stop(), and after the group has been left: waits for the handlers that still run. */
  ended(timeoutMs: number): Promise<void> {
    return this.#handover.noneLate(timeoutMs)
  }

  /** At the very end: what did not end in time is waited for by nobody. */
  close(): Promise<void> {
    this.#assignment.halt()
    return this.#handover.close()
  }

  async #drain(timeoutMs: number): Promise<void> {
    const assignment = this.#assignment
    assignment.halt()
    if (assignment.outstanding > 0) {
      void this.#lastCommit()
      await within(timeoutMs, this.#quiet(assignment)).catch(() => undefined)
    }
  }

  /** Nothing in a handler, nothing in the air. */
  async #quiet(assignment: Assignment): Promise<void> {
    await assignment.quiet()
    await this.#options.finisher.idle()
  }

  async #lastCommit(): Promise<void> {
    try {
      await this.commit()
    } catch (error) {
      this.#options.logger.debug({ error: (error as Error).message }, 'the last commit of an assignment failed')
    }
  }

  /** Records above what may be committed. */
  get outstanding(): number {
    return this.#assignment.outstanding
  }

  /** Of those, the ones that are not complete. */
  get unfinished(): number {
    return this.#assignment.unfinished
  }

  /** Sessions in the reader's fence. */
  get sessions(): number {
    return this.#assignment.sessions
  }

  /** Sessions that wait for a handler of a former assignment. */
  get late(): number {
    return this.#assignment.late
  }

  records(partition: number, records: readonly ConsumedRecord[]): void {
    if (!this.#ending) this.#assignment.records(partition, records)
  }

  /** Commits what is complete; called by the clock. */
  commit(): Promise<void> {
    return this.#assignment.commit()
  }

  /** Forgets sessions that are quiet; called by the clock. */
  forgetUnused(): void {
    this.#assignment.forgetUnused()
  }

  /** Lets paused partitions go on; called by the clock. */
  relieve(): void {
    this.#assignment.relieve()
  }
}
