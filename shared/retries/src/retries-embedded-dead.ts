import { compositeKey, type DataFolder, type Table } from '@causeway/embedded'
import { type DeadLetter, type DeadLetterEntry, deadLetterId } from './retries.ts'
import { decodeStored, encodeStored, type StoredDeadLetter, toStoredDeadLetter } from './retries-embedded-message.ts'

/** Dead letters by service; memory holds their ids and times, the disk the letters. */
export class DeadLetters {
  readonly #folder: DataFolder
  readonly #table: Table
  /** Service to letter id to Unix ms. */
  readonly #services = new Map<string, Map<string, number>>()

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#table = folder.table('dead-letters')
    for (const { value } of this.#table.entries()) {
      const { message, deadAt } = decodeStored<StoredDeadLetter>(value)
      this.#remember(message.service, deadLetterId(message), deadAt)
    }
  }

  /** The first burial of a letter counts. */
  async bury(letter: DeadLetter): Promise<void> {
    const id = deadLetterId(letter)
    if (this.#services.get(letter.service)?.has(id)) return this.#folder.commit()
    this.#remember(letter.service, id, letter.deadAt)
    const value = encodeStored(toStoredDeadLetter(letter))
    await this.#folder.commit(transaction => transaction.put(this.#table, compositeKey(letter.service, id), value))
  }

  count(service: string): number {
    return this.#services.get(service)?.size ?? 0
  }

  get(service: string, id: string): DeadLetterEntry | undefined {
    const stored = this.#table.get(compositeKey(service, id))
    if (!stored) return undefined
    const { message, deadAt, reason } = decodeStored<StoredDeadLetter>(stored)
    return { ...message, deadAt, reason, id }
  }

  /** Newest first, from `start` on. */
  list(service: string, start: number, limit: number): DeadLetterEntry[] {
    const ids = [...(this.#services.get(service) ?? [])].sort(([, a], [, b]) => b - a).slice(start, start + limit)
    return ids.map(([id]) => this.get(service, id)).filter(letter => letter !== undefined)
  }

  #remember(service: string, id: string, deadAt: number): void {
    const letters = this.#services.get(service) ?? new Map<string, number>()
    this.#services.set(service, letters.set(id, deadAt))
  }
}
