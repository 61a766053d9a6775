import { type Held, LATE_SESSIONS, type LateSession, LEASE_MS } from './registry.ts'

/** Who holds which partition, and the late sessions, among the workers of one process: ends with it, as its workers do. `now` is monotonic ms. */
export class HoldersInMemory {
  readonly #lives: (worker: string) => boolean
  /** `partition service` -> worker. */
  readonly #holders = new Map<string, string>()
  /** `partition service` -> `worker session` -> the end of its name. A list goes with its last name. */
  readonly #late = new Map<string, Map<string, number>>()

  constructor(lives: (worker: string) => boolean) {
    this.#lives = lives
  }

  hold(service: string, worker: string, partitions: readonly number[], force: boolean, now: number): Held {
    const others = partitions.filter(partition => {
      const holder = this.#holders.get(`${partition} ${service}`)
      return holder !== undefined && holder !== worker && this.#lives(holder)
    })
    for (const partition of partitions) if (force || !others.includes(partition)) this.#holders.set(`${partition} ${service}`, worker)
    return { others, late: this.late(service, worker, partitions, now) }
  }

  release(service: string, worker: string, partitions: readonly number[], late: readonly LateSession[], now: number): void {
    for (const partition of partitions)
      if (this.#holders.get(`${partition} ${service}`) === worker) this.#holders.delete(`${partition} ${service}`)
    for (const { partition, session } of late) {
      const key = `${partition} ${service}`
      const names = this.#names(key, now)
      const name = `${worker} ${session}`
      if (names.has(name) || names.size < LATE_SESSIONS) this.#late.set(key, names.set(name, now + LEASE_MS))
    }
  }

  late(service: string, worker: string, partitions: readonly number[], now: number): LateSession[] {
    return partitions.flatMap(partition =>
      [...this.#names(`${partition} ${service}`, now).keys()]
        .filter(name => !name.startsWith(`${worker} `))
        .map(name => ({ partition, session: name.slice(name.indexOf(' ') + 1) })),
    )
  }

  settle(service: string, worker: string, sessions: readonly LateSession[]): void {
    for (const { partition, session } of sessions) {
      const key = `${partition} ${service}`
      const names = this.#late.get(key)
      names?.delete(`${worker} ${session}`)
      if (names?.size === 0) this.#late.delete(key)
    }
  }

  /** Those of a list that have not run out; the rest is dropped. */
  #names(key: string, now: number): Map<string, number> {
    const names = this.#late.get(key) ?? new Map<string, number>()
    for (const [name, end] of names) if (end <= now) names.delete(name)
    if (names.size === 0) this.#late.delete(key)
    return names
  }
}
