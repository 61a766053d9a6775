import { compositeKey, type Table, type Transaction } from '@causeway/embedded'
import { SHARED_KEYS, type SharedValue, type SharedWrite } from './effects.ts'
import type { FinishStatus } from './sessions.ts'

const NOTHING: SharedValue = { version: 0, value: undefined }
/** Before each value: its version, f64. */
const VERSION_BYTES = 8

/** What services keep for all their sessions. Memory is the truth, written through. Table `shared`: service, key -> version, value. */
export class EmbeddedShared {
  readonly #table: Table
  readonly #services = new Map<string, Map<string, SharedValue>>()
  #lastVersion = 0
  /** What the next group writes. */
  #changes: [key: Buffer, value: Buffer | undefined][] = []

  constructor(table: Table) {
    this.#table = table
    for (const { key, value } of table.entries()) {
      const [service, name] = key.toString().split('\0')
      const version = value.readDoubleBE(0)
      this.#of(service).set(name, { version, value: value.subarray(VERSION_BYTES) })
      this.#lastVersion = Math.max(this.#lastVersion, version)
    }
  }

  read(service: string, keys: readonly string[]): SharedValue[] {
    const kept = this.#services.get(service)
    return keys.map(key => kept?.get(key) ?? NOTHING)
  }

  forbidden({ service, reads, sets }: SharedWrite): FinishStatus | undefined {
    const kept = this.#of(service)
    if (reads.some(([key, version]) => (kept.get(key) ?? NOTHING).version !== version)) return 'conflict'
    const added = sets.filter(([key]) => !kept.has(key)).length
    return added > 0 && kept.size + added > SHARED_KEYS ? 'sharedFull' : undefined
  }

  write({ service, sets, deletes }: SharedWrite): void {
    const kept = this.#of(service)
    const version = ++this.#lastVersion
    const head = Buffer.allocUnsafe(VERSION_BYTES)
    head.writeDoubleBE(version)
    for (const [key, value] of sets) {
      kept.set(key, { version, value })
      this.#changes.push([compositeKey(service, key), Buffer.concat([head, value])])
    }
    for (const key of deletes) {
      kept.delete(key)
      this.#changes.push([compositeKey(service, key), undefined])
    }
  }

  writeTo(transaction: Transaction): void {
    for (const [key, value] of this.#changes.splice(0)) {
      if (value === undefined) transaction.remove(this.#table, key)
      else transaction.put(this.#table, key, value)
    }
  }

  #of(service: string): Map<string, SharedValue> {
    const kept = this.#services.get(service) ?? new Map<string, SharedValue>()
    this.#services.set(service, kept)
    return kept
  }
}
