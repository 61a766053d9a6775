import { createHash } from 'node:crypto'
import type { DataFolder, Table } from '@causeway/embedded'
import { type Claim, checkResult, type Results, ResultsFull } from './results.ts'

interface Standing {
  /** Undefined: a result. */
  owner: string | undefined
  value: Uint8Array
  /** Unix ms. */
  until: number
}

/** Claims and results of one folder, and bytes of the results. */
const ENTRIES = 100_000
const BYTES = 256 << 20
/** How often what has ended is thrown away, ms. */
const SWEEP_MS = 10_000
/** Before the owner or the result: until f64, length of the owner u8 (0: a result). */
const HEADER = 9

/** Results in the data folder, one entry each; what is claimed lies on disk before anybody hears of it. */
export async function openEmbeddedResults(folder: DataFolder, now: () => number = Date.now): Promise<Results> {
  return new EmbeddedResults(folder, now)
}

/** Memory holds what disk has, and is written through. */
class EmbeddedResults implements Results {
  readonly #folder: DataFolder
  readonly #table: Table
  readonly #now: () => number
  readonly #standing = new Map<string, Standing>()
  readonly #sweeping: NodeJS.Timeout
  #bytes = 0

  constructor(folder: DataFolder, now: () => number) {
    this.#folder = folder
    this.#table = folder.table('results')
    this.#now = now
    for (const { key, value } of this.#table.entries()) this.#remember(key.toString(), unpack(value))
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  async claim(name: string, owner: string, ttlMs: number): Promise<Claim> {
    const key = keyOf(name)
    const standing = this.#at(key)
    if (standing !== undefined) return standing.owner === undefined ? { kind: 'kept', value: standing.value } : { kind: 'taken' }
    this.#checkRoom(key, 0)
    await this.#put(key, { owner, value: Buffer.alloc(0), until: this.#now() + ttlMs })
    return { kind: 'claimed' }
  }

  async keep(name: string, owner: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    checkResult(value)
    const key = keyOf(name)
    if (this.#at(key)?.owner !== owner) return false
    this.#checkRoom(key, value.length)
    await this.#put(key, { owner: undefined, value: Buffer.from(value), until: this.#now() + ttlMs })
    return true
  }

  async release(name: string, owner: string): Promise<void> {
    const key = keyOf(name)
    if (this.#at(key)?.owner === owner) await this.#remove([key])
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping)
  }

  #at(key: string): Standing | undefined {
    const standing = this.#standing.get(key)
    return standing !== undefined && standing.until > this.#now() ? standing : undefined
  }

  #checkRoom(key: string, bytes: number): void {
    const full = this.#bytes + bytes > BYTES || (this.#standing.size >= ENTRIES && !this.#standing.has(key))
    if (full) throw new ResultsFull(`the data folder keeps ${ENTRIES} results of ${BYTES} bytes in all: keep them for less time`)
  }

  #remember(key: string, standing: Standing): void {
    this.#forget(key)
    this.#standing.set(key, standing)
    this.#bytes += standing.value.length
  }

  #forget(key: string): void {
    this.#bytes -= this.#standing.get(key)?.value.length ?? 0
    this.#standing.delete(key)
  }

  #put(key: string, standing: Standing): Promise<void> {
    this.#remember(key, standing)
    return this.#folder.commit(transaction => transaction.put(this.#table, Buffer.from(key), pack(standing)))
  }

  #remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#forget(key)
    return this.#folder.commit(transaction => {
      for (const key of keys) transaction.remove(this.#table, Buffer.from(key))
    })
  }

  #sweep(): void {
    const now = this.#now()
    const ended = [...this.#standing].filter(([, { until }]) => until <= now).map(([key]) => key)
    // a folder that takes no more writes has said so itself
    if (ended.length > 0) this.#remove(ended).catch(() => undefined)
  }
}

/** Names may be longer than keys. */
const keyOf = (name: string): string => createHash('sha256').update(name).digest('base64url')

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
