import type { DataFolder, Table } from '@causeway/embedded'
import { HoldersInMemory } from './holders-in-memory.ts'
import { findClash, makePicture, memoriesOf, type Remembered } from './picture.ts'
import type {
  AnnouncedProcess,
  Announcement,
  Held,
  LateSession,
  Picture,
  Registry,
  RouteSchema,
  Watching,
  WorkerProcess,
} from './registry.ts'
import { routeField } from './tracks.ts'

/**
 * The registry of one process: gateway and workers live in it together, so that a lease can't be lost and no picture is
 * stale. Routes are remembered in the data folder, so that after a restart a request that comes before the worker has
 * announced itself finds its route.
 */
export async function openEmbeddedRegistry(folder: DataFolder): Promise<Registry> {
  return new EmbeddedRegistry(folder)
}

class EmbeddedRegistry implements Registry {
  readonly #folder: DataFolder
  readonly #table: Table
  readonly #processes = new Map<string, AnnouncedProcess>()
  /** By field (tracks.ts). */
  readonly #remembered = new Map<string, Remembered>()
  /** By service, then by field (tracks.ts); its workers are in this process, and tell them again when it has been started again. */
  readonly #schemas = new Map<string, Map<string, RouteSchema>>()
  readonly #watchers = new Set<(picture: Picture) => void>()
  #isTelling = false
  readonly #holders = new HoldersInMemory(worker => this.#processes.has(worker))

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#table = folder.table('routes')
    for (const { key, value } of this.#table.entries()) {
      const memory = JSON.parse(value.toString('utf8')) as Remembered
      // Its workers ended with this process, at a time nobody wrote down: they were last seen no later than now.
      const seen = { ...memory, lastSeen: Date.now() }
      this.#remembered.set(key.toString('utf8'), 'event' in seen ? seen : { ...seen, priority: seen.priority ?? 'normal' })
    }
  }

  async announce(announced: AnnouncedProcess): Promise<Announcement> {
    if (announced.kind === 'worker') this.#check(announced)
    let present = announced
    this.#processes.set(announced.id, present)
    if (announced.kind === 'worker') await this.#see(announced)
    this.#tell()
    return {
      stats: stats => {
        if (this.#processes.get(announced.id) !== present) return
        present = { ...present, stats }
        this.#processes.set(announced.id, present)
        this.#tell()
      },
      serves: async about => {
        if (this.#processes.get(announced.id) !== present || present.kind !== 'worker') return
        const changed = { ...present, ...about }
        this.#check(changed)
        present = changed
        this.#processes.set(announced.id, present)
        await this.#see(changed)
        this.#tell()
      },
      withdraw: async () => {
        if (this.#processes.get(announced.id) !== present) return
        this.#processes.delete(announced.id)
        this.#tell()
        if (announced.kind === 'worker') await this.#see(announced)
      },
    }
  }

  async watch(changed: (picture: Picture) => void): Promise<Watching> {
    let picture = this.#picture()
    const watcher = (latest: Picture) => {
      picture = latest
      changed(latest)
    }
    this.#watchers.add(watcher)
    changed(picture)
    return {
      get picture() {
        return picture
      },
      close: async () => void this.#watchers.delete(watcher),
    }
  }

  async describe(service: string, schemas: readonly RouteSchema[]): Promise<void> {
    const kept = this.#schemas.get(service) ?? new Map<string, RouteSchema>()
    this.#schemas.set(service, kept)
    for (const schema of schemas) kept.set(routeField(schema.route, schema.track), schema)
  }

  async schemas(service: string): Promise<RouteSchema[]> {
    const kept = [...(this.#schemas.get(service) ?? [])]
    return kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, schema]) => schema)
  }

  async hold(service: string, worker: string, partitions: readonly number[], force: boolean): Promise<Held> {
    return this.#holders.hold(service, worker, partitions, force, performance.now())
  }

  async release(service: string, worker: string, partitions: readonly number[], late: readonly LateSession[]): Promise<void> {
    this.#holders.release(service, worker, partitions, late, performance.now())
  }

  async late(service: string, worker: string, partitions: readonly number[]): Promise<LateSession[]> {
    return this.#holders.late(service, worker, partitions, performance.now())
  }

  async settle(service: string, worker: string, sessions: readonly LateSession[]): Promise<void> {
    this.#holders.settle(service, worker, sessions)
  }

  async ping(): Promise<void> {
    if (this.#folder.failure) throw this.#folder.failure
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    this.#processes.clear()
  }

  #picture(): Picture {
    return makePicture([...this.#processes.values()], [...this.#remembered.values()], Date.now())
  }

  /** Once for all that changes in a turn. */
  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    setImmediate(() => {
      this.#isTelling = false
      const picture = this.#picture()
      for (const watcher of [...this.#watchers]) watcher(picture)
    })
  }

  /** Remembers what a worker serves and wants as seen now. */
  async #see(worker: WorkerProcess): Promise<void> {
    const seen = memoriesOf(worker).map(([field, memory]) => [field, { ...memory, lastSeen: Date.now() } as Remembered] as const)
    for (const [field, memory] of seen) this.#remembered.set(field, memory)
    await this.#folder.commit(transaction => {
      for (const [field, memory] of seen) transaction.put(this.#table, Buffer.from(field), Buffer.from(JSON.stringify(memory)))
    })
  }

  #check(announced: WorkerProcess): void {
    const clash = findClash(
      announced,
      this.#picture().workers.filter(({ id }) => id !== announced.id),
    )
    if (clash !== undefined) throw new Error(clash)
  }
}
