import assert from 'node:assert/strict'
import { until } from '@causeway/testing'
import type { RunningGateway } from './installation.ts'

/** What /api/ledger answers. */
interface LedgerReport {
  accepted: number
  ended: Record<string, number>
  inFlight: number
  parked: number
  retrying: number
  difference: number
  balanced: boolean
}

/** The books as any gateway has them. */
export const ledgerOf = async (gateway: RunningGateway): Promise<LedgerReport> =>
  (await (await fetch(`${gateway.operators}api/ledger`)).json()) as LedgerReport

/** Waits until nothing is on its way; then every accepted message has ended, as many as `accepted`, each in one way. */
export async function assertBooksClosed(gateway: RunningGateway, accepted: number): Promise<Record<string, number>> {
  await until(
    async () => {
      const { inFlight, parked, retrying } = await ledgerOf(gateway)
      return inFlight === 0 && parked === 0 && retrying === 0
    },
    { what: 'nothing in flight, parked or retrying', timeoutMs: 15_000 },
  )
  const { ended, difference, balanced, ...ledger } = await ledgerOf(gateway)
  assert.deepEqual([ledger.accepted, balanced, difference], [accepted, true, 0], JSON.stringify({ ...ledger, ended }))
  assert.equal(
    Object.values(ended).reduce((sum, each) => sum + each),
    accepted,
  )
  return ended
}
