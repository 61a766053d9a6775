import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import type { Backends } from '@causeway/backends'
import { type GatewayProcess, type Picture, RouteTable } from '@causeway/registry'
import { silentLogger } from '@causeway/telemetry'
import { pictureOf, routeOf } from '../gateway.fixture.ts'
import { Health } from '../health.ts'
import { Overview } from './overview.ts'

const NOW = 1_000_000

const gatewayOf = (id: string, stats: Record<string, number>): GatewayProcess => ({
  ...{ kind: 'gateway', id, host: 'h', startedAt: 0, tcpPort: 7400, httpPort: 7401, stats },
})

function overviewOf() {
  const asked = { lag: 0 }
  const failing = new Set<string>()
  const port =
    <T>(name: string, value: T) =>
    async () => {
      if (failing.has(name)) throw new Error(`${name} is away`)
      return value
    }
  const lag = [
    { partition: 0, end: 10, committed: 4 },
    { partition: 1, end: 3, committed: undefined },
  ]
  const lagPort = port('lag', lag)
  const backends = {
    kind: 'kafka and redis',
    log: {
      lag: () => {
        asked.lag++
        return lagPort()
      },
    },
    retries: { counts: port('counts', { retrying: 1, parked: 2, dead: 3 }) },
    sessions: { ledger: port('ledger', { ended: { answered: 7 } }), list: port('list', { total: 5, sessions: [] }) },
  } as unknown as Backends
  const picture: Picture = {
    ...pictureOf([routeOf('echo', 1)], [routeOf('gone', 2, { lastSeen: 5 })]),
    gateways: [
      gatewayOf('gw-1', { connections: 3, receivedPerSecond: 10, roundTripP99Ms: 4 }),
      gatewayOf('gw-2', { connections: 4, receivedPerSecond: 20, roundTripP99Ms: 9 }),
    ],
  }
  const routes = new RouteTable()
  routes.follow(picture)
  return { overview: new Overview(backends, routes, () => picture, new Health(backends, silentLogger)), asked, failing }
}

describe('the overview', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: NOW }))
  afterEach(() => mock.timers.reset())

  test('adds up what all processes tell, and shows the worst of their times', async () => {
    const shown = (await overviewOf().overview.read()) as Record<string, unknown>
    const { connections, sessions, receivedPerSecond, handledPerSecond, roundTripMs, messages, at } = shown
    assert.deepEqual(
      { connections, sessions, receivedPerSecond, handledPerSecond, roundTripMs, messages, at },
      {
        ...{ connections: 7, sessions: 5, receivedPerSecond: 30, handledPerSecond: 5 },
        ...{ roundTripMs: { p50: 0, p99: 9 }, messages: { answered: 7 }, at: NOW },
      },
    )
  })

  test('has of each service its workers, lag and retries', async () => {
    const { services, workers } = (await overviewOf().overview.read()) as Record<string, unknown[]>
    assert.deepEqual(services, [{ service: 'orders', workers: 1, lag: 9, retrying: 1, parked: 2, dead: 3 }])
    assert.equal((workers[0] as { routes: number }).routes, 1)
  })

  test('asks the backends once a second, however many look', async () => {
    const { overview, asked } = overviewOf()
    await Promise.all([overview.read(), overview.read()])
    mock.timers.setTime(NOW + 1_000)
    await overview.read()
    assert.equal(asked.lag, 1)
    mock.timers.setTime(NOW + 1_001)
    await overview.read()
    assert.equal(asked.lag, 2)
  })

  test('leaves out what cannot be had, and shows the rest', async () => {
    const { overview, failing } = overviewOf()
    for (const name of ['ledger', 'list', 'counts', 'lag']) failing.add(name)
    const shown = (await overview.read()) as Record<string, unknown>
    assert.deepEqual([shown.messages, shown.sessions, shown.connections], [undefined, undefined, 7])
    assert.deepEqual(shown.services, [{ service: 'orders', workers: 1, lag: undefined }])
  })

  test('lists all routes, and whether they are served', () => {
    const routes = overviewOf().overview.routes() as { name: string; served: boolean }[]
    assert.deepEqual(routes.map(({ name, served }) => [name, served]).toSorted(), [
      ['echo', true],
      ['gone', false],
    ])
  })

  test('gives the lag by service and partition, and rejects where it cannot', async () => {
    const { overview, failing } = overviewOf()
    assert.deepEqual(
      (await overview.lag()).orders.map(row => row.partition),
      [0, 1],
    )
    failing.add('lag')
    await assert.rejects(overview.lag(), /lag is away/)
  })
})
