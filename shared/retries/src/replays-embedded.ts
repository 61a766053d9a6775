import { randomBytes } from 'node:crypto'
import { compositeKey, type DataFolder, parkingOf, type Table } from '@causeway/embedded'
import type { Logger } from '@causeway/telemetry'
import type { LetterName, Replay, ReplayBatch, ReplayOrder, ReplayRunner } from './dead-letters.ts'
import { BATCH_LETTERS, REPLAYS_KEPT } from './dead-letters-limits.ts'
import { EmbeddedReplayBatches } from './replay-batches-embedded.ts'
import { begunRecord, endedRecord, replayRun, type StoredReplay } from './replay-record.ts'
import { type DeadLetter, deadLetterId, type RetryMessage, type RetryRunner, type RetryWorker, type RunOutcome } from './retries.ts'
import { Jobs } from './retries-embedded-jobs.ts'
import { decodeStored, type StoredRetry } from './retries-embedded-message.ts'
import { EmbeddedRetryWorker } from './retries-embedded-worker.ts'

/** A replay that is under way. */
interface OpenReplay {
  readonly n: number
  readonly record: StoredReplay
  readonly message: RetryMessage
  isBegun: boolean
}

const NOTHING = new Uint8Array(0)
const FINISHED: RunOutcome = { kind: 'finished', parked: undefined }
const HIGHEST_NUMBER = 0xffff_ffff

/**
 * Replays in the data folder. One that is under way has a job, as a retry has, without a payload: the letter's is read when it runs.
 * A replay and its job begin in one group commit; where the process died between a replay's end and its job's, the end counts.
 */
export class EmbeddedReplays {
  readonly #folder: DataFolder
  readonly #logger: Logger
  readonly #table: Table
  readonly #jobTable: Table
  readonly #letter: (letter: LetterName) => DeadLetter | undefined
  readonly batches: EmbeddedReplayBatches
  readonly #open = new Map<string, OpenReplay>()
  /** Numbers that may not be on disk yet. */
  readonly #numbers = new Map<string, number>()
  readonly #services = new Map<string, Jobs>()
  readonly #workers = new Map<string, Set<EmbeddedRetryWorker>>()

  constructor(folder: DataFolder, logger: Logger, letter: (letter: LetterName) => DeadLetter | undefined) {
    this.#folder = folder
    this.#logger = logger
    this.#letter = letter
    this.#table = folder.table('replays')
    this.#jobTable = folder.table('replay-jobs')
    this.batches = new EmbeddedReplayBatches(folder)
    this.#restore()
  }

  #restore(): void {
    for (const { value } of this.#jobTable.entries()) {
      const { message, dueAt } = decodeStored<StoredRetry>(value)
      const jobs = this.jobs(message.service)
      jobs.remember(message, dueAt, false)
      const last = this.of({ service: message.service, id: deadLetterId(message) }).at(-1)
      if (last === undefined || last.finishedAt !== undefined) jobs.remove(jobs.find(message.session, message.msgId)!)
      else {
        const { n, ...record } = last
        this.#open.set(nameOf(message.service, deadLetterId(message)), { n, record, message, isBegun: message.attempts > 0 })
      }
    }
  }

  isUnderWay({ service, id }: LetterName): boolean {
    return this.#open.has(nameOf(service, id))
  }

  /** Of a letter, by number. */
  of({ service, id }: LetterName): Replay[] {
    const rows = this.#table.range(compositeKey(service, id, 0), compositeKey(service, id, HIGHEST_NUMBER), REPLAYS_KEPT + 1)
    return [...rows].map(({ key, value }) => ({
      ...(JSON.parse(value.toString('utf8')) as StoredReplay),
      n: key.readUInt32BE(key.length - 4),
    }))
  }

  async replay(order: ReplayOrder, letters: readonly LetterName[]): Promise<ReplayBatch> {
    if (letters.length > BATCH_LETTERS) throw new RangeError(`a batch of ${letters.length} letters: expected at most ${BATCH_LETTERS}`)
    const id = randomBytes(6).toString('hex')
    const at = Date.now()
    this.batches.create(id, at, letters.length, order)
    const record = begunRecord(id, at, order)
    for (const [index, name] of letters.entries()) this.#begin(name, record, at + Math.floor((index * 1_000) / order.perSecond))
    for (const worker of [...this.#workers.values()].flatMap(each => [...each])) worker.look()
    await this.#folder.commit()
    return this.batches.get(id)!
  }

  #begin(name: LetterName, record: StoredReplay, dueAt: number): void {
    const { service, id } = name
    const letter = this.#letter(name)
    if (letter === undefined || this.isUnderWay(name)) {
      this.batches.refuse(record.batch, id, letter === undefined ? 'missing' : 'underWay')
      return
    }
    const n = (this.#numbers.get(nameOf(service, id)) ?? this.of(name).at(-1)?.n ?? 0) + 1
    this.#numbers.set(nameOf(service, id), n)
    const { session, bucket, incarnation, msgId, route } = letter
    const message: RetryMessage = {
      service,
      session,
      bucket,
      incarnation,
      msgId,
      route,
      header: '',
      value: NOTHING,
      attempts: 0,
      errors: [],
    }
    this.#open.set(nameOf(service, id), { n, record, message, isBegun: false })
    this.#put(service, id, n, record)
    if (n > REPLAYS_KEPT) this.#write(transaction => transaction.remove(this.#table, compositeKey(service, id, n - REPLAYS_KEPT)))
    this.jobs(service).add(message, dueAt, false)
  }

  /** Ends what has not begun; the rest ends its attempt, and meets the stop before its next. */
  async cancel(batch: string): Promise<ReplayBatch | undefined> {
    if (this.batches.get(batch) === undefined) return undefined
    this.batches.stop(batch)
    for (const { record, message, isBegun } of [...this.#open.values()]) {
      if (record.batch !== batch || isBegun) continue
      this.#end(message, endedRecord(record, { outcome: 'cancelled', errors: [] }))
      const jobs = this.jobs(message.service)
      jobs.remove(jobs.find(message.session, message.msgId)!)
    }
    await this.#folder.commit()
    return this.batches.get(batch)
  }

  /** Removes a letter's replays; with the next commit. */
  remove({ service, id }: LetterName): void {
    this.#numbers.delete(nameOf(service, id))
    const keys = this.#table.keys(compositeKey(service, id, 0), compositeKey(service, id, HIGHEST_NUMBER), REPLAYS_KEPT + 1)
    this.#write(transaction => {
      for (const key of keys) transaction.remove(this.#table, key)
    })
  }

  work(service: string, runner: ReplayRunner, concurrency: number): RetryWorker {
    const workers = this.#workers.get(service) ?? new Set()
    this.#workers.set(service, workers)
    const worker: EmbeddedRetryWorker = new EmbeddedRetryWorker({
      ...{ service, concurrency, logger: this.#logger, jobs: this.jobs(service), parking: parkingOf(this.#folder) },
      runner: this.#runnerOf(runner),
      closed: () => workers.delete(worker),
    })
    workers.add(worker)
    worker.look()
    return worker
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].flatMap(each => [...each]).map(worker => worker.close(0)))
  }

  #runnerOf(runner: ReplayRunner): RetryRunner {
    return {
      run: async message => {
        const name = { service: message.service, id: deadLetterId(message) }
        const open = this.#open.get(nameOf(name.service, name.id))
        if (open === undefined) return FINISHED
        open.isBegun = true
        const { record, n } = open
        const edit = await this.batches.edit(record.batch)
        if (edit === undefined && record.result === undefined)
          return await this.#ended(message, endedRecord(record, { outcome: 'cancelled', errors: message.errors }))
        const letter = this.#letter(name)!
        const { attempts, errors } = message
        const step = await runner.run(replayRun({ letter, record, n, edit: edit ?? {}, attempts, errors }), async result => {
          record.result = result
          this.#put(name.service, name.id, n, record)
          await this.#folder.commit()
        })
        if (step.kind === 'ended') return await this.#ended(message, endedRecord(record, step))
        return {
          kind: 'retry',
          delayMs: step.delayMs,
          message: { ...message, attempts: attempts + (step.counts ? 1 : 0), errors: [...step.errors] },
        }
      },
    }
  }

  async #ended(message: RetryMessage, record: StoredReplay): Promise<RunOutcome> {
    this.#end(message, record)
    await this.#folder.commit()
    return FINISHED
  }

  #end(message: RetryMessage, record: StoredReplay): void {
    const { service } = message
    const id = deadLetterId(message)
    const open = this.#open.get(nameOf(service, id))!
    this.#open.delete(nameOf(service, id))
    this.#put(service, id, open.n, record)
    this.batches.ended(record.batch, record.outcome!)
  }

  jobs(service: string): Jobs {
    let jobs = this.#services.get(service)
    if (!jobs) {
      jobs = new Jobs(this.#folder, this.#jobTable)
      this.#services.set(service, jobs)
    }
    return jobs
  }

  #put(service: string, id: string, n: number, record: StoredReplay): void {
    const value = Buffer.from(JSON.stringify(record))
    this.#write(transaction => transaction.put(this.#table, compositeKey(service, id, n), value))
  }

  // A failed commit is fatal for the folder, and whoever waits for the same group is told.
  #write(apply: Parameters<DataFolder['write']>[0]): void {
    this.#folder.write(apply, () => undefined)
  }
}

const nameOf = (service: string, id: string): string => `${service} ${id}`
