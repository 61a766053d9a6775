import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { Installation } from './installation.ts'
import { assertBooksClosed } from './ledger.ts'
import { onRealBackends } from './places.ts'

const BLOCKING = fileURLToPath(new URL('./blocking.fixture.ts', import.meta.url))
/** Beyond the group's session time-out (6 s), the partitions' take-over and the retries' lock. */
const BLOCKED_MS = 15_000
const MOVED_MS = 14_000
const SESSIONS = 16

onRealBackends('a handler that blocks the event loop of its worker (Kafka and Redis)', async (context, place) => {
  await using installation = await Installation.make(place)
  const [gateway, first, second] = await Promise.all([
    installation.gateway(),
    installation.worker({}, BLOCKING),
    installation.worker({}, BLOCKING),
  ])
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => connect(gateway.tcp)))
  context.after(() => Promise.all(clients.map(client => client.close())))
  await Promise.all(clients.map(client => client.request('echo', 1)))

  await context.test('loses its partitions: every session, its own too, is served by the other before it wakes', async () => {
    const from = performance.now()
    const blocked = clients[0].request<number>('block', BLOCKED_MS, { timeout: 60_000 })
    await until(async () => (await readFile(installation.journal, 'utf8').catch(() => '')).includes('blocked'))
    const echoes = clients.slice(1).map(client => client.request('echo', 2, { timeout: 60_000 }))
    await Promise.all(echoes)
    const answeredBy = await blocked
    const tookMs = performance.now() - from
    const [[, blockedPid], [, throughPid]] = (await readFile(installation.journal, 'utf8'))
      .trim()
      .split('\n')
      .map(line => /(\d+)$/.exec(line)!)
    assert.notEqual(blockedPid, throughPid)
    assert.equal(answeredBy, Number(throughPid))
    context.diagnostic(`served elsewhere after ${Math.round(tookMs)} ms`)
    assert.ok(tookMs < MOVED_MS, `it took ${tookMs} ms`)
  })

  await context.test('is fenced when it wakes, and works again: one answer for each request, and the books balance', async () => {
    await until(async () => (await fetch(`${first.health}/readyz`)).ok && (await fetch(`${second.health}/readyz`)).ok, {
      timeoutMs: 60_000,
    })
    await Promise.all(clients.map(client => client.request('echo', 3)))
    await assertBooksClosed(gateway, SESSIONS * 2 + SESSIONS)
  })
})
