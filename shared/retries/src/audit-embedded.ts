import { compositeKey, type DataFolder, type Table } from '@causeway/embedded'
import type { AuditEntry, AuditLog } from './audit.ts'
import { AUDIT_ENTRIES } from './dead-letters-limits.ts'

/** The audit log by rising numbers; memory holds the newest entries, as many as are kept. */
export class EmbeddedAuditLog implements AuditLog {
  readonly #folder: DataFolder
  readonly #table: Table
  /** Oldest first. */
  readonly #entries: AuditEntry[] = []
  #next = 0

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#table = folder.table('audit')
    for (const { key, value } of this.#table.entries()) {
      this.#entries.push(JSON.parse(value.toString('utf8')) as AuditEntry)
      this.#next = key.readUInt32BE(0) + 1
    }
  }

  async record(entry: AuditEntry): Promise<void> {
    const number = this.#next++
    this.#entries.push(entry)
    const oldest = this.#entries.length > AUDIT_ENTRIES ? number - AUDIT_ENTRIES : undefined
    if (oldest !== undefined) this.#entries.shift()
    await this.#folder.commit(transaction => {
      transaction.put(this.#table, compositeKey(number), Buffer.from(JSON.stringify(entry)))
      if (oldest !== undefined) transaction.remove(this.#table, compositeKey(oldest))
    })
  }

  async list(limit: number): Promise<AuditEntry[]> {
    return this.#entries.slice(-limit).reverse()
  }
}
