import { LEDGER_FIELDS } from '@causeway/redis'
import { type Ledger, OUTCOMES } from './sessions.ts'

const ENDED = [...OUTCOMES, 'expired'] as const

/** The totals of all buckets, in their order, as one ledger. */
export function ledgerOf(buckets: readonly Readonly<Record<string, string>>[]): Ledger {
  const ended = Object.fromEntries(ENDED.map(name => [name, 0])) as Ledger['ended']
  const ledger = { accepted: 0, ended, parked: 0, retrying: 0, inFlight: [] as number[] }
  for (const totals of buckets) {
    const field = (name: keyof typeof LEDGER_FIELDS): number => Number(totals[LEDGER_FIELDS[name]] ?? 0)
    const of = (name: keyof typeof LEDGER_FIELDS): number =>
      name === 'accepted' || name === 'answered' ? field(name) + field('plain') : field(name)
    for (const name of ENDED) ended[name] += of(name)
    const [accepted, parked, retrying] = [of('accepted'), of('parked'), of('retrying')]
    ledger.accepted += accepted
    ledger.parked += parked
    ledger.retrying += retrying
    ledger.inFlight.push(ENDED.reduce((left, name) => left - of(name), accepted - parked - retrying))
  }
  return ledger
}
