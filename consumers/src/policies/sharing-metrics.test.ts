import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Results } from '@causeway/results'
import { ResultsInMemory } from '@causeway/results/in-memory'
import { Metrics, silentLogger } from '@causeway/telemetry'
import { machineClock } from '../clock.ts'
import { contextOf, messageOf, onceOf, SERVICE } from '../messages.fixture.ts'
import { message } from '../route.ts'
import { compileRoutes } from '../route-set.ts'
import { PolicedRoutes } from './policed.ts'

/** What is told of a metric: its lines without labels of the process. */
async function told(metrics: Metrics, name: string): Promise<string[]> {
  const lines = (await metrics.text()).split('\n')
  return lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length))
}

test('effects that run are told while they do', async () => {
  const once = onceOf()
  const metrics = new Metrics({})
  once.tell(metrics)
  const held = Promise.withResolvers<void>()
  const effect = once.run({ session: 's', incarnation: 'i', msgId: 1 }, 'charge', () => held.promise)
  assert.deepEqual(await told(metrics, 'causeway_worker_once_running'), [' 1'])
  held.resolve()
  await effect
  assert.deepEqual(await told(metrics, 'causeway_worker_once_running'), [' 0'])
})

test('answers that a shared cache could not look up or keep are told by route', async () => {
  const away: Results = Object.assign(new ResultsInMemory(), { claim: () => Promise.reject(new Error('the store is away')) })
  const cache = { key: () => 'one', ttl: '1m' }
  const routes = compileRoutes(SERVICE, [
    message('shared', { cache: { ...cache, shared: true } }).handle(() => 'answer'),
    message('own', { cache }).handle(() => 'answer'),
  ])
  const policed = new PolicedRoutes(routes, { service: SERVICE, clock: machineClock, results: away, logger: silentLogger })
  const metrics = new Metrics({})
  policed.tell(metrics)
  for (const route of ['shared', 'shared', 'own'])
    assert.equal(await policed.routes.get(route)!.run(undefined, contextOf(messageOf({ route }))), 'answer')
  assert.deepEqual(await told(metrics, 'causeway_worker_shared_cache_failures_total{'), ['route="shared"} 2'])
})
