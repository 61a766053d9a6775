import type { DataFolder, Table } from '@causeway/embedded'
import type { Results } from './results.ts'
import { ResultsInMemory, type Standing, type StandingStore } from './results-in-memory.ts'

/** How often what has ended is thrown away, ms. */
const SWEEP_MS = 10_000
/** Before the owner or the result: until f64, length of the owner u8 (0: a result). */
const HEADER = 9

/** Results in the data folder, one entry each; what is claimed lies on disk before anybody hears of it. */
export async function openEmbeddedResults(folder: DataFolder, now: () => number = Date.now): Promise<Results> {
  return new EmbeddedResults(new FolderStore(folder), now)
}

/** Memory holds what disk has, and is written through. */
class EmbeddedResults extends ResultsInMemory {
  readonly #sweeping: NodeJS.Timeout

  constructor(store: StandingStore, now: () => number) {
    super({ now, store })
    // a folder that takes no more writes has said so itself
    this.#sweeping = setInterval(() => this.sweep().catch(() => undefined), SWEEP_MS).unref()
  }

  override async close(): Promise<void> {
    clearInterval(this.#sweeping)
  }
}

class FolderStore implements StandingStore {
  readonly name = 'the data folder'
  readonly #folder: DataFolder
  readonly #table: Table

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#table = folder.table('results')
  }

  *entries(): Iterable<[string, Standing]> {
    for (const { key, value } of this.#table.entries()) yield [key.toString(), unpack(value)]
  }

  put(key: string, standing: Standing): Promise<void> {
    return this.#folder.commit(transaction => transaction.put(this.#table, Buffer.from(key), pack(standing)))
  }

  remove(keys: readonly string[]): Promise<void> {
    return this.#folder.commit(transaction => {
      for (const key of keys) transaction.remove(this.#table, Buffer.from(key))
    })
  }
}

function pack({ owner = '', value, until }: Standing): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeDoubleBE(until)
  header[HEADER - 1] = owner.length
  return Buffer.concat([header, Buffer.from(owner, 'latin1'), value])
}

function unpack(bytes: Buffer): Standing {
  const length = bytes[HEADER - 1]
  const owner = length === 0 ? undefined : bytes.toString('latin1', HEADER, HEADER + length)
  return { owner, value: Buffer.from(bytes.subarray(HEADER + length)), until: bytes.readDoubleBE(0) }
}
