import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const LOCK_FILE = 'lock'
const HOLDER_FILE = 'lock.pid'
const SQLITE_BUSY = 5

/**
 * One process a folder. The lock is the operating system's own file lock, held through an empty SQLite database: it ends
 * with its process however that dies, so there is no stale lock to judge, and it knows a second opener in the same process.
 * The file beside it only tells who holds it.
 */
export function lockFolder(folder: string): { release(): void } {
  const database = new DatabaseSync(join(folder, LOCK_FILE), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw new Error(`cannot lock the data folder ${folder}`, { cause: error })
    throw new Error(
      `the data folder ${folder} is in use by ${holderOf(folder)}: stop that process, or choose another folder (CAUSEWAY_DATA_DIR)`,
      { cause: error },
    )
  }
  writeFileSync(join(folder, HOLDER_FILE), `${process.pid}\n`)
  return { release: () => database.close() }
}

const isBusy = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY

function holderOf(folder: string): string {
  try {
    return `process ${readFileSync(join(folder, HOLDER_FILE), 'utf8').trim()}`
  } catch {
    return 'another process' // it is opening the folder just now and has not said its number yet
  }
}
