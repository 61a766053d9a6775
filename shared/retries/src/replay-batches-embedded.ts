import { compositeKey, type DataFolder, type Table } from '@causeway/embedded'
import type { ReplayBatch, ReplayEdit, ReplayOrder, ReplayOutcome, ReplayRefusal } from './dead-letters.ts'
import { BATCHES_KEPT, REFUSALS_TOLD } from './dead-letters-limits.ts'

type StoredBatch = Omit<ReplayBatch, 'edit' | 'state'> & { isStopped: boolean }

/** Batches of replays, in memory and written through; their edits, which may be large, lie beside them and are written once. */
export class EmbeddedReplayBatches {
  readonly #folder: DataFolder
  readonly #table: Table
  readonly #edits: Table
  /** Oldest first. */
  readonly #batches = new Map<string, StoredBatch>()

  constructor(folder: DataFolder) {
    this.#folder = folder
    this.#table = folder.table('replay-batches')
    this.#edits = folder.table('replay-edits')
    const stored = [...this.#table.entries()].map(({ value }) => JSON.parse(value.toString('utf8')) as StoredBatch)
    for (const batch of stored.sort((a, b) => a.at - b.at)) this.#batches.set(batch.id, batch)
  }

  create(id: string, at: number, total: number, { edit, ...order }: ReplayOrder): void {
    const ended = { answered: 0, rejected: 0, failed: 0, cancelled: 0 }
    const batch: StoredBatch = { ...order, id, at, total, ended, refused: 0, refusals: {}, isStopped: false }
    this.#batches.set(id, batch)
    if (edit !== undefined) this.#write(this.#edits, id, edit)
    this.#store(batch)
    for (const old of [...this.#batches.keys()].slice(0, -BATCHES_KEPT)) if (this.get(old)?.state !== 'running') this.#forget(old)
  }

  refuse(id: string, letter: string, why: ReplayRefusal): void {
    const batch = this.#batches.get(id)!
    batch.refused++
    if (batch.refused <= REFUSALS_TOLD) batch.refusals[letter] = why
    this.#store(batch)
  }

  ended(id: string, outcome: ReplayOutcome): void {
    const batch = this.#batches.get(id)
    if (!batch) return
    batch.ended[outcome]++
    this.#store(batch)
  }

  /** Nothing more of it begins. */
  stop(id: string): void {
    const batch = this.#batches.get(id)!
    batch.isStopped = true
    this.#store(batch)
  }

  /** What its replays are to be edited with; undefined where it was cancelled or is not known: then nothing more of it may run. */
  async edit(id: string): Promise<ReplayEdit | undefined> {
    const batch = this.#batches.get(id)
    if (!batch || batch.isStopped) return undefined
    await this.#folder.commit() // it may have been made in the group that is in the air
    const edit = this.#edits.get(compositeKey(id))
    return edit ? (JSON.parse(edit.toString('utf8')) as ReplayEdit) : {}
  }

  get(id: string): ReplayBatch | undefined {
    const stored = this.#batches.get(id)
    if (!stored) return undefined
    const { isStopped, ...batch } = stored
    const edit = this.#edits.get(compositeKey(id))
    const left = batch.total - batch.refused - Object.values(batch.ended).reduce((sum, each) => sum + each)
    return {
      ...structuredClone(batch),
      state: isStopped ? 'cancelled' : left <= 0 ? 'done' : 'running',
      ...(edit ? { edit: JSON.parse(edit.toString('utf8')) as ReplayEdit } : {}),
    }
  }

  list(): ReplayBatch[] {
    return [...this.#batches.keys()].reverse().map(id => this.get(id)!)
  }

  #forget(id: string): void {
    this.#batches.delete(id)
    for (const table of [this.#table, this.#edits])
      this.#folder.write(transaction => transaction.remove(table, compositeKey(id)), ignoreCommit)
  }

  /** Once a turn would do; a batch is small. */
  #store(batch: StoredBatch): void {
    this.#write(this.#table, batch.id, batch)
  }

  #write(table: Table, id: string, value: object): void {
    const bytes = Buffer.from(JSON.stringify(value))
    this.#folder.write(transaction => transaction.put(table, compositeKey(id), bytes), ignoreCommit)
  }
}

// A failed commit is fatal for the folder, and whoever waits for the same group is told.
const ignoreCommit = (): void => {}
