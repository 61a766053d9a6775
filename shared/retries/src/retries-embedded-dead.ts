import { compositeKey, type DataFolder, type Table } from '@causeway/embedded'
import type { Logger } from '@causeway/telemetry'
import type {
  DeadLetterEntry,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterSummary,
  DeadLetters,
  Discard,
  LetterName,
  ReplayBatch,
  ReplayOrder,
  ReplayRunner,
} from './dead-letters.ts'
import { aboutLetter, isBehind, type LetterAbout, letterPage, type Place } from './dead-letters-page.ts'
import { EmbeddedReplays } from './replays-embedded.ts'
import { type DeadLetter, deadLetterId, type RetryWorker } from './retries.ts'
import { decodeStored, encodeStored, type StoredDeadLetter, toStoredDeadLetter } from './retries-embedded-message.ts'

/** Dead letters by service; memory holds their ids and times, the disk the letters. */
export class EmbeddedDeadLetters implements DeadLetters {
  readonly #folder: DataFolder
  readonly #table: Table
  readonly replays: EmbeddedReplays
  /** Service to letter id to Unix ms. */
  readonly #services = new Map<string, Map<string, number>>()

  constructor(folder: DataFolder, logger: Logger) {
    this.#folder = folder
    this.#table = folder.table('dead-letters')
    for (const { value } of this.#table.entries()) {
      const { message, deadAt } = decodeStored<StoredDeadLetter>(value)
      this.#remember(message.service, deadLetterId(message), deadAt)
    }
    this.replays = new EmbeddedReplays(folder, logger, name => this.letter(name))
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

  letter({ service, id }: LetterName): DeadLetter | undefined {
    const stored = this.#services.get(service)?.has(id) ? this.#table.get(compositeKey(service, id)) : undefined
    if (!stored) return undefined
    const { message, deadAt, reason } = decodeStored<StoredDeadLetter>(stored)
    return { ...message, deadAt, reason }
  }

  async get(name: LetterName): Promise<DeadLetterEntry | undefined> {
    await this.#folder.commit() // a replay may have ended in the group that is in the air
    const letter = this.letter(name)
    return letter && { ...letter, id: name.id, replays: this.replays.of(name) }
  }

  async find(ids: readonly string[], service?: string): Promise<(LetterName | undefined)[]> {
    const services = service === undefined ? await this.services() : [service]
    return ids.map(id => {
      const found = services.find(each => this.#services.get(each)?.has(id))
      return found === undefined ? undefined : { service: found, id }
    })
  }

  async services(): Promise<string[]> {
    return [...this.#services.keys()].sort()
  }

  async list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    await this.#folder.commit() // see get()
    const source = (service: string, behind: Place | undefined, since: number) => this.#abouts(service, behind, since)
    const page = await letterPage(await this.services(), query, source)
    return { ...page, letters: page.letters.map(letter => this.#summary(letter)) }
  }

  async *#abouts(service: string, behind: Place | undefined, since: number): AsyncGenerator<LetterAbout> {
    for (const place of this.#places(service)) {
      if (place.deadAt < since) return
      if (behind !== undefined && !isBehind(place, behind)) continue
      const letter = this.letter(place)
      if (letter !== undefined) yield aboutLetter(letter)
    }
  }

  #summary(letter: LetterAbout): DeadLetterSummary {
    const last = this.replays.of(letter).at(-1)
    return { ...letter, replays: last?.n ?? 0, ...(last && { lastReplay: last.outcome ?? 'underWay' }) }
  }

  /** Newest first. */
  #places(service: string): Place[] {
    const places = [...(this.#services.get(service) ?? [])].map(([id, deadAt]) => ({ service, id, deadAt }))
    return places.sort((a, b) => (isBehind(a, b) ? 1 : -1))
  }

  /** Newest first, from `start` on. */
  page(service: string, start: number, limit: number): DeadLetter[] {
    const places = this.#places(service).slice(start, start + limit)
    return places.map(place => this.letter(place)).filter(letter => letter !== undefined)
  }

  async discard(letters: readonly LetterName[]): Promise<Discard[]> {
    const discards = letters.map(letter => this.#discard(letter))
    await this.#folder.commit()
    return discards
  }

  #discard(name: LetterName): Discard {
    const { service, id } = name
    if (this.replays.isUnderWay(name)) return 'underWay'
    if (!this.#services.get(service)?.delete(id)) return 'missing'
    this.replays.remove(name)
    this.#folder.write(
      transaction => transaction.remove(this.#table, compositeKey(service, id)),
      () => undefined,
    )
    return 'discarded'
  }

  replay(order: ReplayOrder, letters: readonly LetterName[]): Promise<ReplayBatch> {
    return this.replays.replay(order, letters)
  }

  async batches(): Promise<ReplayBatch[]> {
    return this.replays.batches.list()
  }

  async batch(id: string): Promise<ReplayBatch | undefined> {
    return this.replays.batches.get(id)
  }

  cancel(id: string): Promise<ReplayBatch | undefined> {
    return this.replays.cancel(id)
  }

  async work(service: string, runner: ReplayRunner, concurrency: number): Promise<RetryWorker> {
    return this.replays.work(service, runner, concurrency)
  }

  #remember(service: string, id: string, deadAt: number): void {
    const letters = this.#services.get(service) ?? new Map<string, number>()
    this.#services.set(service, letters.set(id, deadAt))
  }
}
