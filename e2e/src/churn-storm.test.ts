import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, connect } from '@causeway/client'
import { until } from '@causeway/testing'
import { ChurnCounts, ChurnSession } from './churn-session.ts'
import { DEMO, type GatewayAddresses, Installation } from './installation.ts'
import { metric } from './metric.ts'

const CLIENTS = 2_000
/** Tries of each, on the average, before there is a gateway again: their waits have grown to seconds by then. */
const TRIES = 1.5
/** Time over which four in five of them come back at the least, ms. How even it is, client/src/backoff.test.ts shows. */
const SPREAD_MS = 1_000
/** Their longest wait by then, and a busy machine, ms. */
const BACK_MS = 40_000
/** Connections a second that a gateway of the second test takes, and the share of a second that it takes at once. */
const RATE = 200
const BURST = 0.25

test('a gateway dies with 2,000 clients: they come back over seconds, each to its session (embedded)', async context => {
  await using installation = await Installation.make({ kind: 'embedded' })
  const gateway = await installation.start()
  await using clients = await connected(gateway.tcp)
  const { tries, returns } = watch(clients.list)

  await gateway.process.kill()
  await until(() => tries.length >= CLIENTS * TRIES, { what: `${TRIES} tries of each client`, timeoutMs: BACK_MS })
  const ports = ['--tcp-port', String(gateway.port), '--http-port', '0', '--admin-port', '0']
  await installation.run(['start', DEMO, ...ports, '--json']).addresses<GatewayAddresses>()
  const served = performance.now()
  await until(() => returns.length === CLIENTS, { what: 'all clients to come back', timeoutMs: BACK_MS })

  const later = tries.filter(at => at > served).sort((a, b) => a - b)
  context.diagnostic(`tries in each 100 ms: ${perSlot(tries).join(' ')}; since the gateway serves again: ${perSlot(later).join(' ')}`)
  const spread = later[Math.floor(later.length * 0.9)] - later[Math.floor(later.length * 0.1)]
  assert.ok(spread >= SPREAD_MS, `four in five of ${later.length} tries came within ${spread} ms`)
  assert.equal(returns.filter(recovered => recovered).length, CLIENTS)
  assert.equal((await Promise.all(clients.list.map(client => client.request('echo', 'again')))).length, CLIENTS)
})

test('no more connections are taken a second than CAUSEWAY_ACCEPT_RATE; who is turned away comes in later (embedded)', async () => {
  await using installation = await Installation.make({ kind: 'embedded' })
  const gateway = await installation.start({ CAUSEWAY_ACCEPT_RATE: String(RATE) })
  const counts = new ChurnCounts()
  const place = { tcpPort: gateway.port, websocket: gateway.websocket, counts }
  const sessions = Array.from({ length: RATE * 4 }, (_, number) => new ChurnSession(place, number))
  const began = performance.now()
  await Promise.all(sessions.map(session => session.open()))
  const tookMs = performance.now() - began
  // whatever stands still meanwhile, on a busy machine, only makes it longer
  const leastMs = (sessions.length / RATE - BURST) * 1_000
  assert.ok(tookMs >= leastMs, `${sessions.length} connections were taken in ${tookMs} ms, expected ${leastMs} ms at ${RATE} a second`)
  assert.ok(counts.turnedAway > 0)
  assert.ok((await metric(gateway, 'causeway_connections_closed_total', 'code="OVERLOADED"')) > 0)
  for (const session of sessions) session.cut()
})

async function connected(url: string): Promise<AsyncDisposable & { list: readonly Client[] }> {
  const list = await Promise.all(Array.from({ length: CLIENTS }, () => connect(url, { connectTimeout: BACK_MS })))
  return {
    list,
    async [Symbol.asyncDispose]() {
      await Promise.all(list.map(client => client.close()))
    },
  }
}

/** From now on: when a client tries to connect, and, of each that is connected again, whether its session is whole. */
function watch(clients: readonly Client[]): { tries: number[]; returns: boolean[] } {
  const tries: number[] = []
  const returns: boolean[] = []
  for (const client of clients) {
    client.on('state', event => {
      if (event.state === 'connecting') tries.push(performance.now())
      else if (event.state === 'connected') returns.push(event.recovered === true)
    })
  }
  return { tries, returns }
}

/** How many of these times fall into each 100 ms from the first. */
function perSlot(times: readonly number[]): number[] {
  const first = Math.min(...times)
  const slots: number[] = []
  for (const at of times) {
    const slot = Math.floor((at - first) / 100)
    slots[slot] = (slots[slot] ?? 0) + 1
  }
  return Array.from(slots, count => count ?? 0)
}
