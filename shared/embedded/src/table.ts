import type { Database } from 'lmdb'

/** The longest key LMDB takes with its default page size, in bytes. */
const MAX_KEY_BYTES = 1_978

export interface Entry {
  key: Buffer
  value: Buffer
}

/**
 * One named table of the data folder: binary keys in byte order, binary values. Reads see what has been committed;
 * the buffers they return are the reader's own.
 */
export class Table {
  readonly #database: Database<Buffer, Buffer>

  constructor(database: Database<Buffer, Buffer>) {
    this.#database = database
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.get(key)
  }

  /** Entries from `start` (included) to `end` (excluded), at most `limit`. */
  *range(start: Buffer, end: Buffer, limit: number): Generator<Entry> {
    for (const { key, value } of this.#database.getRange({ start, end, limit, snapshot: false })) yield { key, value }
  }

  /** Keys from `start` (included) to `end` (excluded), at most `limit`. */
  keys(start: Buffer, end: Buffer, limit: number): Buffer[] {
    return [...this.#database.getKeys({ start, end, limit, snapshot: false })]
  }

  /** The entry with the highest key from `start` (included) to `end` (included). */
  last(start: Buffer, end: Buffer): Entry | undefined {
    for (const { key, value } of this.#database.getRange({ start: end, reverse: true, limit: 1, snapshot: false }))
      return key.compare(start) < 0 ? undefined : { key, value }
    return undefined
  }

  /** Every entry of the table. */
  *entries(): Generator<Entry> {
    for (const { key, value } of this.#database.getRange({ snapshot: false })) yield { key, value }
  }

  /** For the group commit alone: within its batch. */
  execute(key: Buffer, value: Buffer | undefined): void {
    if (value) void this.#database.put(key, value)
    else void this.#database.remove(key)
  }
}

/** What one group changes. It is gathered here first, so that a group is written whole or not at all. */
export class Transaction {
  readonly #tables: Table[] = []
  readonly #keys: Buffer[] = []
  readonly #values: (Buffer | undefined)[] = []

  get size(): number {
    return this.#keys.length
  }

  /** Key and value must not change until the commit. */
  put(table: Table, key: Buffer, value: Buffer): void {
    this.#add(table, key, value)
  }

  remove(table: Table, key: Buffer): void {
    this.#add(table, key, undefined)
  }

  /** For the group commit alone: writes everything, in order. */
  execute(): void {
    for (let index = 0; index < this.#keys.length; index++) this.#tables[index]!.execute(this.#keys[index]!, this.#values[index])
  }

  #add(table: Table, key: Buffer, value: Buffer | undefined): void {
    if (key.length === 0 || key.length > MAX_KEY_BYTES)
      throw new RangeError(`a key has 1 to ${MAX_KEY_BYTES} bytes, not ${key.length}: shorten the names it is made of`)
    this.#tables.push(table)
    this.#keys.push(key)
    this.#values.push(value)
  }
}
