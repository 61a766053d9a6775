import { within } from '@causeway/backends'
import { type Held, type LateSession, LEASE_MS, type Registry } from '@causeway/registry'
import type { Logger } from '@causeway/telemetry'
import type { Counters } from './counters.ts'
import { HANDOVER_LOOK_MS, HANDOVER_MS, LATE_NAMED } from './limits.ts'

export interface HandoverOptions {
  service: string
  worker: string
  registry: Pick<Registry, 'hold' | 'release' | 'late' | 'settle'>
  counters: Counters
  logger: Logger
}

/**
 * From one owner of a partition to the next. A worker holds a partition until its assignment has ended and drained; then it frees it and names, in the
 * same step, the sessions that it still has in a handler, its *late sessions*. Who is assigned the partition next waits until it is free, at most HANDOVER_MS
 * from the beginning of the rebalance, and begins everything but the late sessions (LateSessions waits for those).
 */
export class Handover {
  readonly #options: HandoverOptions
  readonly #held = new Set<number>()
  #assigned: ReadonlySet<number> = new Set()
  /** Sessions of assignments that have ended, still in a handler here, and their partitions. */
  readonly #late = new Map<string, number>()
  /** No longer late since the store was told. */
  #settled: LateSession[] = []
  #renewing: NodeJS.Timeout | undefined
  #noneLate: (() => void) | undefined
  /** Monotonic ms. */
  #rebalancingSince: number | undefined

  constructor(options: HandoverOptions) {
    this.#options = options
  }

  /** Sessions that an earlier assignment has in a handler in this process. */
  get late(): string[] {
    return [...this.#late.keys()]
  }

  /** The time of the whole hand-over runs from here. */
  rebalancing(): void {
    this.#rebalancingSince ??= performance.now()
  }

  /** Resolves when nobody else holds these partitions any more, or the time is up: they are taken by force then. Gives the late sessions of other workers. */
  async take(partitions: readonly number[], isCurrent: () => boolean): Promise<LateSession[]> {
    if (!isCurrent()) return []
    const until = (this.#rebalancingSince ?? performance.now()) + HANDOVER_MS
    this.#rebalancingSince = undefined
    this.#assigned = new Set(partitions)
    while (isCurrent()) {
      const isLate = performance.now() >= until
      const held = await this.#hold(partitions, isLate)
      if (!isCurrent()) void this.#free([...this.#held].filter(partition => !this.#assigned.has(partition)))
      // a claim that the store did not hear is made again: retries are held against it
      else if (held !== undefined && (isLate || held.others.length === 0)) return held.late
      else await new Promise(resolve => setTimeout(resolve, HANDOVER_LOOK_MS))
    }
    return []
  }

  /** The present assignment stands, and the store has another holder: it is put right. False where the store is away. */
  async reclaim(): Promise<boolean> {
    return (await this.#hold([...this.#assigned], true)) !== undefined
  }

  /** Undefined while the store is away and nobody can be asked. */
  async #hold(partitions: readonly number[], force: boolean): Promise<Held | undefined> {
    const { registry, service, worker, counters, logger } = this.#options
    try {
      const held = await registry.hold(service, worker, partitions, force)
      const { others } = held
      for (const partition of partitions) if (force || !others.includes(partition)) this.#held.add(partition)
      if (force && others.length > 0) {
        counters.handoversLate += others.length
        logger.warn({ partitions: others }, 'the former owner does not give these partitions up; going on without waiting')
      }
      return held
    } catch (error) {
      logger.debug({ error: (error as Error).message }, 'the holders of partitions could not be asked')
      return undefined
    }
  }

  /** An assignment has ended: its partitions are free, and of its sessions those in `running` are late. */
  async release(running: readonly LateSession[]): Promise<void> {
    for (const { session, partition } of running) this.#late.set(session, partition)
    if (this.#late.size > 0) this.#renewing ??= setInterval(() => void this.#free([]), LEASE_MS / 3)
    if (this.#held.size > 0 || running.length > 0) await this.#free([...this.#held])
  }

  /** Frees partitions, and says which sessions are late, for another lease. */
  async #free(partitions: readonly number[]): Promise<void> {
    const { registry, service, worker, logger } = this.#options
    for (const partition of partitions) this.#held.delete(partition)
    const late: LateSession[] = []
    for (const [session, partition] of this.#late) {
      if (late.length === LATE_NAMED) break
      late.push({ partition, session })
    }
    try {
      await registry.release(service, worker, partitions, late)
    } catch (error) {
      logger.debug({ error: (error as Error).message }, 'partitions could not be released; who waits for them goes on by itself')
    }
  }

  /** A session has nothing in a handler any more. True where it was late; the store is told, of all that end in a turn at once. */
  ended(session: string): boolean {
    const partition = this.#late.get(session)
    if (partition === undefined) return false
    this.#late.delete(session)
    if (this.#settled.push({ partition, session }) === 1) setImmediate(() => void this.#settle())
    if (this.#late.size === 0) this.#stopRenewing()
    return true
  }

  #stopRenewing(): void {
    clearInterval(this.#renewing)
    this.#renewing = undefined
    this.#noneLate?.()
  }

  async #settle(): Promise<void> {
    const { registry, service, worker, logger } = this.#options
    const settled = this.#settled
    if (settled.length === 0) return
    this.#settled = []
    try {
      await registry.settle(service, worker, settled)
    } catch (error) {
      logger.debug({ error: (error as Error).message }, 'late sessions could not be settled; their names run out by themselves')
    }
  }

  /** The named sessions of other workers in these partitions; undefined while the store is away. */
  async look(partitions: readonly number[]): Promise<LateSession[] | undefined> {
    const { registry, service, worker, logger } = this.#options
    try {
      return await registry.late(service, worker, partitions)
    } catch (error) {
      logger.debug({ error: (error as Error).message }, 'late sessions could not be asked for')
      return undefined
    }
  }

  /** Of a worker that stops: as release(); nothing is taken any more. */
  async leave(running: readonly LateSession[]): Promise<void> {
    this.#assigned = new Set()
    await this.release(running)
  }

  /** Resolves when no session is late here, or the time is up. */
  async noneLate(timeoutMs: number): Promise<void> {
    if (this.#late.size === 0) return
    const none = new Promise<void>(resolve => {
      this.#noneLate = resolve
    })
    await within(timeoutMs, none).catch(() => undefined)
  }

  /** What still runs ends with the process: nobody has to wait for it. */
  async close(): Promise<void> {
    for (const [session, partition] of this.#late) this.#settled.push({ partition, session })
    this.#late.clear()
    this.#stopRenewing()
    await this.#settle()
  }
}
