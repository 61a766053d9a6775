import type { Table, Transaction } from '@causeway/embedded'
import { OUTCOMES, type Outcome } from './sessions.ts'

type Counted = Outcome | 'expired'
const COUNTED: readonly Counted[] = [...OUTCOMES, 'expired']
const KEY = Buffer.from('totals')

/** How messages ended since the store began: one entry, a double each, in the order of OUTCOMES and then `expired`. */
export class Totals {
  readonly #table: Table
  readonly #counts: Record<Counted, number>
  #isChanged = false

  constructor(table: Table) {
    this.#table = table
    const stored = table.get(KEY)
    this.#counts = Object.fromEntries(COUNTED.map((outcome, index) => [outcome, stored?.readDoubleBE(index * 8) ?? 0])) as Record<
      Counted,
      number
    >
  }

  count(outcome: Counted): void {
    this.#counts[outcome]++
    this.#isChanged = true
  }

  write(transaction: Transaction): void {
    if (!this.#isChanged) return
    this.#isChanged = false
    const value = Buffer.alloc(COUNTED.length * 8)
    for (const [index, outcome] of COUNTED.entries()) value.writeDoubleBE(this.#counts[outcome], index * 8)
    transaction.put(this.#table, KEY, value)
  }

  read(): Record<Counted, number> {
    return { ...this.#counts }
  }
}
