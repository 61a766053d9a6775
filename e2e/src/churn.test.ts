import assert from 'node:assert/strict'
import { until } from '@causeway/testing'
import { Churn, type Holdings } from './churn.ts'
import type { Footprint } from './churn-footprint.ts'
import { storm, wave } from './churn-waves.ts'
import { ledgerOf } from './ledger.ts'
import { onRealBackends } from './places.ts'

const CLIENTS = 1_000
const WAVES = 2
/** What may be held more than before. */
const GROWTH = 1.1
/** Memory that a system takes back late, ms. */
const RETURN_MS = 20_000

onRealBackends('1,000 clients that come, go and storm leave nothing behind', async (context, place) => {
  await using churn = await Churn.start(place)
  const oneWave = async (): Promise<void> => {
    await wave(churn.clients, CLIENTS)
    await storm(churn.clients, CLIENTS, 1)
  }
  // the first wave makes what stays: code, caches, buffers
  await oneWave()
  const base = await churn.settled()
  for (let i = 0; i < WAVES; i++) await oneWave()
  let after = await churn.settled()
  await until(
    async () => {
      after = await churn.holdings()
      return grown(base, after).length === 0
    },
    { timeoutMs: RETURN_MS },
  ).catch(() => {})
  context.diagnostic(JSON.stringify({ base, after, counts: churn.counts }))
  assert.deepEqual(grown(base, after), [])
  assert.deepEqual([after.gateway.sessions, after.redis.sessionKeys], [0, 0])
  const { inFlight, difference } = await ledgerOf(churn.gateway)
  assert.deepEqual([inFlight, difference], [0, 0])
})

/** What there is more than a tenth more of. The worker remembers sessions, up to 50,000, in 300 bytes each: of so few that is not seen. */
function grown(base: Holdings, after: Holdings): string[] {
  const names: (keyof Footprint)[] = ['rss', 'heap', 'external', 'descriptors', 'resources']
  return (['gateway', 'worker'] as const).flatMap(part =>
    names
      .filter(name => after[part][name] > base[part][name] * GROWTH)
      .map(name => `${part}: ${name} was ${base[part][name]} and is ${after[part][name]}`),
  )
}
