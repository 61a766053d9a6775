import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Logger } from '@causeway/telemetry'
import { open, type RootDatabase } from 'lmdb'
import { lockFolder } from './folder-lock.ts'
import { type Apply, type Committed, GroupCommit } from './group-commit.ts'
import { Table } from './table.ts'

/** Named tables the folder may have; the four adapters use about ten. */
const MAX_TABLES = 32
const DATABASE_FOLDER = 'database'

export interface DataFolderOptions {
  logger: Logger
}

/** The data of one process that runs embedded: tables in one LMDB, written by group commits. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string
  /** Why the folder takes no more writes; undefined while all is well. */
  readonly failure: Error | undefined
  /** The table of that name, created when missing. */
  table(name: string): Table
  /**
   * Writes with the group of this turn: `apply` runs when the group begins, `committed` once it is on disk (fsynced) or
   * has failed. A failure is fatal for the folder (see GroupCommit).
   */
  write(apply: Apply, committed: Committed): void
  /** The same with a promise; without `apply` it resolves when all that was written before is on disk. */
  commit(apply?: Apply): Promise<void>
  /** Commits what waits, closes the database and gives the lock back. */
  close(): Promise<void>
}

/**
 * Opens the data folder, creating it when missing, and locks it for this process.
 * Rejects where another process holds it, naming the folder and that process; the lock of a dead process is no obstacle.
 */
export async function openDataFolder(path: string, options: DataFolderOptions): Promise<DataFolder> {
  const absolute = resolve(path)
  mkdirSync(absolute, { recursive: true })
  const lock = lockFolder(absolute)
  try {
    // Without overlapping sync a commit's promise resolves after its fsync, not merely once readers see it. Groups are made
    // here, so that LMDB need not wait a turn of its own for more.
    const environment = open({
      path: join(absolute, DATABASE_FOLDER),
      maxDbs: MAX_TABLES,
      compression: false,
      overlappingSync: false,
      eventTurnBatching: false,
    })
    return new LmdbFolder(absolute, environment, lock, options.logger)
  } catch (error) {
    lock.release()
    throw error
  }
}

class LmdbFolder implements DataFolder {
  readonly path: string
  readonly #environment: RootDatabase
  readonly #lock: { release(): void }
  readonly #groups: GroupCommit
  readonly #tables = new Map<string, Table>()
  #closing: Promise<void> | undefined

  constructor(path: string, environment: RootDatabase, lock: { release(): void }, logger: Logger) {
    this.path = path
    this.#environment = environment
    this.#lock = lock
    this.#groups = new GroupCommit(environment, failure =>
      logger.fatal({ err: failure, folder: path }, 'the data folder takes no more writes'),
    )
  }

  get failure(): Error | undefined {
    return this.#groups.failure
  }

  table(name: string): Table {
    let table = this.#tables.get(name)
    if (!table) {
      table = new Table(this.#environment.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' }))
      this.#tables.set(name, table)
    }
    return table
  }

  write(apply: Apply, committed: Committed): void {
    if (this.#closing) committed(new Error(`the data folder ${this.path} is closed`))
    else this.#groups.write(apply, committed)
  }

  commit(apply: Apply = () => {}): Promise<void> {
    return new Promise((resolve, reject) => this.write(apply, failure => (failure ? reject(failure) : resolve())))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#groups.drain()
    await this.#environment.close()
    this.#lock.release()
  }
}
