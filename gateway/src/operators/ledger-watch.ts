import type { Log, PartitionLag } from '@causeway/log'
import { requestsTopic } from '@causeway/log'
import type { Ledger, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { LEDGER_ALERT_CHECKS, LEDGER_CHECK_MS, LEDGER_SESSIONS } from '../limits.ts'

/** The ledger as operators read it, held against the log. */
export interface LedgerReport {
  /** Unix ms. */
  at: number
  accepted: number
  ended: Ledger['ended']
  inFlight: number
  parked: number
  retrying: number
  /** Records of all services that may be unfinished: from what was committed before the ledger was read to what had been appended after. */
  logUnfinished: number
  /** Messages in flight that the log does not hold any more, partition by partition, and buckets that ended more than they had accepted. 0 when the books balance. */
  difference: number
  /** Checks in a row that found a difference. */
  checks: number
  balanced: boolean
  /** Where a difference has lasted: sessions with messages in flight in the partitions concerned. */
  sessions: { session: string; inFlight: number }[]
}

export interface LedgerWatchOptions {
  sessions: Sessions
  log: Log
  services: () => readonly string[]
  partitions: number
  logger: Logger
}

/**
 * Holds the ledger against the log. An accepted message is in the log's unfinished part until it has ended, or is parked or to be retried: so no
 * partition's buckets may have more in flight than that part holds. One reading may still be wrong (a resume counts what it can't know), so an alert
 * needs several in a row; it names the sessions.
 */
export class LedgerWatch {
  readonly #options: LedgerWatchOptions
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<LedgerReport> | undefined
  #checks = 0
  last: LedgerReport | undefined

  constructor(options: LedgerWatchOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.#check(), LEDGER_CHECK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Rejects while a backend is away; readers at the same time share one reading. */
  read(): Promise<LedgerReport> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #check(): Promise<void> {
    try {
      const report = await this.read()
      this.#checks = report.difference === 0 ? 0 : this.#checks + 1
      if (this.#checks < LEDGER_ALERT_CHECKS) return
      const { difference, sessions } = { ...report, ...(await this.read()) }
      this.#options.logger.error(
        { difference, checks: this.#checks, sessions },
        'the ledger does not balance: messages are neither answered nor anywhere on their way; see /api/ledger and docs/operations.md',
      )
    } catch (error) {
      this.#options.logger.debug({ error: (error as Error).message }, 'the ledger could not be read; trying again')
    }
  }

  async #read(): Promise<LedgerReport> {
    const { sessions } = this.#options
    const before = await this.#lags()
    const { accepted, ended, parked, retrying, inFlight } = await sessions.ledger()
    const after = await this.#lags()
    const unfinished = unfinishedByPartition(before, after, this.#options.partitions)
    const missing = missingByPartition(inFlight, unfinished)
    const difference = missing.reduce((sum, each) => sum + each, 0)
    const lasts = difference > 0 && this.#checks >= LEDGER_ALERT_CHECKS
    this.last = {
      at: Date.now(),
      ...{ accepted, ended, parked, retrying, difference },
      inFlight: inFlight.reduce((sum, each) => sum + each, 0),
      logUnfinished: unfinished.reduce((sum, each) => sum + each, 0),
      checks: this.#checks,
      balanced: difference === 0,
      sessions: lasts ? await sessions.inFlight(bucketsMissing(missing, inFlight), LEDGER_SESSIONS) : [],
    }
    return this.last
  }

  #lags(): Promise<PartitionLag[][]> {
    const { log, services } = this.#options
    return Promise.all(services().map(service => log.lag(service, requestsTopic(service))))
  }
}

/** Upper bounds, so that what moves on between the readings is no difference. */
function unfinishedByPartition(before: readonly PartitionLag[][], after: readonly PartitionLag[][], partitions: number): number[] {
  const unfinished = new Array<number>(partitions).fill(0)
  for (const { partition, end } of after.flat()) unfinished[partition] += end
  for (const { partition, committed } of before.flat()) unfinished[partition] -= committed ?? 0
  return unfinished
}

/** Bucket b lies in partition b mod partitions, of every service. */
function missingByPartition(inFlight: readonly number[], unfinished: readonly number[]): number[] {
  const held = new Array<number>(unfinished.length).fill(0)
  const overdrawn = new Array<number>(unfinished.length).fill(0)
  inFlight.forEach((count, bucket) => {
    const partition = bucket % unfinished.length
    if (count < 0) overdrawn[partition] -= count
    else held[partition] += count
  })
  return held.map((count, partition) => overdrawn[partition] + Math.max(0, count - unfinished[partition]))
}

const bucketsMissing = (missing: readonly number[], inFlight: readonly number[]): number[] =>
  [...inFlight.keys()].filter(bucket => missing[bucket % missing.length] > 0 && inFlight[bucket] !== 0)
