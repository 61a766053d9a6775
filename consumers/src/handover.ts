import type { Registry } from '@causeway/registry'
import type { Logger } from '@causeway/telemetry'
import type { Counters } from './counters.ts'
import { HANDOVER_LOOK_MS, HANDOVER_MS } from './limits.ts'

export interface HandoverOptions {
  service: string
  worker: string
  registry: Pick<Registry, 'hold' | 'release'>
  counters: Counters
  logger: Logger
}

/**
 * From one owner of a partition to the next: a worker holds a partition from its assignment until its last handler has ended, and who is assigned
 * it next waits for that, at most HANDOVER_MS from the beginning of the rebalance. What then still runs is handled by two at once, and the finish takes one.
 */
export class Handover {
  readonly #options: HandoverOptions
  /** By partition, handlers of whatever assignment that have not ended. */
  readonly #running = new Map<number, number>()
  readonly #held = new Set<number>()
  #assigned: ReadonlySet<number> = new Set()
  /** Monotonic ms. */
  #rebalancingSince: number | undefined

  constructor(options: HandoverOptions) {
    this.#options = options
  }

  begin(partition: number): void {
    this.#running.set(partition, (this.#running.get(partition) ?? 0) + 1)
  }

  end(partition: number): void {
    const left = (this.#running.get(partition) ?? 0) - 1
    if (left > 0) this.#running.set(partition, left)
    else {
      this.#running.delete(partition)
      if (this.#held.has(partition) && !this.#assigned.has(partition)) void this.#release([partition])
    }
  }

  /** The time of the whole hand-over runs from here. */
  rebalancing(): void {
    this.#rebalancingSince ??= performance.now()
  }

  /** Resolves when nobody works on these partitions any more, this process included, or the time is up; the rest is given up. */
  async take(partitions: readonly number[], isCurrent: () => boolean): Promise<void> {
    const until = (this.#rebalancingSince ?? performance.now()) + HANDOVER_MS
    this.#rebalancingSince = undefined
    this.#assigned = new Set(partitions)
    void this.#release([...this.#held].filter(partition => !this.#assigned.has(partition) && !this.#running.has(partition)))
    for (;;) {
      const isLate = performance.now() >= until
      const taken = await this.#hold(partitions, isLate)
      // a claim that the store did not hear is made again: retries are held against it
      if (!isCurrent() || (isLate && taken !== undefined) || (taken && partitions.every(partition => !this.#running.has(partition)))) break
      await new Promise(resolve => setTimeout(resolve, HANDOVER_LOOK_MS))
    }
  }

  /** The present assignment stands, and the store has another holder: it is put right. False where the store is away. */
  async reclaim(): Promise<boolean> {
    return (await this.#hold([...this.#assigned], true)) !== undefined
  }

  /** Whether they are all this worker's now; undefined while the store is away and nobody can be asked. */
  async #hold(partitions: readonly number[], force: boolean): Promise<boolean | undefined> {
    const { registry, service, worker, counters, logger } = this.#options
    try {
      const others = await registry.hold(service, worker, partitions, force)
      for (const partition of partitions) if (force || !others.includes(partition)) this.#held.add(partition)
      if (force && others.length > 0) {
        counters.handoversLate += others.length
        logger.warn({ service, partitions: others }, 'the former owner is still at work on these partitions; going on without waiting')
      }
      return others.length === 0
    } catch (error) {
      logger.debug({ service, error: (error as Error).message }, 'the holders of partitions could not be asked')
      return undefined
    }
  }

  async #release(partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return
    const { registry, service, worker, logger } = this.#options
    for (const partition of partitions) this.#held.delete(partition)
    try {
      await registry.release(service, worker, partitions)
    } catch (error) {
      logger.debug({ service, error: (error as Error).message }, 'partitions could not be released; who waits for them goes on by itself')
    }
  }

  /** The group has been left: what nobody here works on is free, the rest when its handlers have ended. */
  async leave(): Promise<void> {
    this.#assigned = new Set()
    await this.#release([...this.#held].filter(partition => !this.#running.has(partition)))
  }
}
