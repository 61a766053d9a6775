import type { Table, Transaction } from '@causeway/embedded'
import { OUTCOMES, type Outcome } from './sessions.ts'

const ENDED = [...OUTCOMES, 'expired'] as const
/** Of sessions that have ended: messages they had accepted, and those of them that are parked or retrying. */
const COUNTED = [...ENDED, 'goneAccepted', 'goneWaiting'] as const
type Counted = (typeof COUNTED)[number]
const KEY = Buffer.from('totals')

/** How messages ended since the store began: one entry, a double each, in the order of COUNTED. */
export class Totals {
  readonly #table: Table
  readonly #counts: Record<Counted, number>
  #isChanged = false

  constructor(table: Table) {
    this.#table = table
    const stored = table.get(KEY)
    this.#counts = Object.fromEntries(COUNTED.map((name, index) => [name, stored?.readDoubleBE(index * 8) ?? 0])) as Record<Counted, number>
  }

  count(name: Counted, by = 1): void {
    if (by === 0) return
    this.#counts[name] += by
    this.#isChanged = true
  }

  of(name: Counted): number {
    return this.#counts[name]
  }

  write(transaction: Transaction): void {
    if (!this.#isChanged) return
    this.#isChanged = false
    const value = Buffer.alloc(COUNTED.length * 8)
    for (const [index, name] of COUNTED.entries()) value.writeDoubleBE(this.#counts[name], index * 8)
    transaction.put(this.#table, KEY, value)
  }

  ended(): Record<Outcome | 'expired', number> {
    return Object.fromEntries(ENDED.map(name => [name, this.#counts[name]])) as Record<Outcome | 'expired', number>
  }
}
