import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { route, worker } from './fixture.conformance.ts'
import { makePicture, type RememberedRoute } from './picture.ts'
import type { RouteSpec } from './registry.ts'
import { RouteTable, type TrackWeights } from './route-table.ts'

const NOW = 100_000
const remembered = (spec: RouteSpec, lastSeen: number, track?: string): RememberedRoute => ({ ...spec, service: 'orders', lastSeen, track })

/** Live workers' routes by service, and those that are remembered alone. */
function tableOf(live: Record<string, RouteSpec[]>, gone: RememberedRoute[] = []): RouteTable {
  const table = new RouteTable()
  const workers = Object.entries(live).map(([name, routes]) => {
    const [service, track] = name.split('_')
    return worker({ service, track, routes })
  })
  table.follow(makePicture(workers, gone, NOW))
  return table
}

const echo = route({ name: 'echo', opcode: 1 })

describe('the route table', () => {
  test('finds a route by name and by opcode', () => {
    const table = tableOf({ orders: [echo, route({ name: 'named' })] })
    assert.equal(table.byName('echo')?.name, 'echo')
    assert.equal(table.byOpcode(1)?.name, 'echo')
    assert.equal(table.byName('named')?.opcode, undefined)
    assert.deepEqual([table.byName('other'), table.byOpcode(2)], [undefined, undefined])
  })

  test('is empty before the first picture, and forgets what a newer one does not have', () => {
    assert.equal(new RouteTable().byOpcode(1), undefined)
    const table = tableOf({ orders: [echo] })
    table.follow(makePicture([worker({ routes: [route({ name: 'other', opcode: 2 })] })], [], NOW))
    assert.deepEqual([table.byName('echo'), table.byOpcode(1)], [undefined, undefined])
  })

  test('gives an opcode to the route that is served, whatever had it before', () => {
    const old = remembered(route({ name: 'old', opcode: 1 }), NOW + 1)
    assert.equal(tableOf({ orders: [echo] }, [old]).byOpcode(1)?.name, 'echo')
  })

  test('gives an opcode that nobody serves to the route seen last', () => {
    const routes = [remembered(route({ name: 'older', opcode: 1 }), 100), remembered(route({ name: 'newer', opcode: 1 }), 200)]
    assert.equal(tableOf({}, routes).byOpcode(1)?.name, 'newer')
    assert.equal(tableOf({}, routes.toReversed()).byOpcode(1)?.name, 'newer')
  })

  test('calls a route served while it has a worker, and for its grace after', () => {
    const live = tableOf({ orders: [echo] })
    assert.ok(live.isServed(live.byName('echo')!, NOW * 9, 0))
    const gone = tableOf({}, [remembered(echo, 1_000)])
    assert.ok(gone.isServed(gone.byName('echo')!, 6_000, 5_000))
    assert.equal(gone.isServed(gone.byName('echo')!, 6_001, 5_000), false)
  })

  test('knows the services as the log does, in order', () => {
    const table = tableOf({ zeta: [route()], orders: [echo], orders_canary: [echo] }, [remembered(route({ name: 'echo' }), 5, 'old')])
    assert.deepEqual(table.services, ['orders', 'orders_canary', 'orders_old', 'zeta'])
  })
})

const SESSIONS = Array.from({ length: 4_000 }, (_, n) => `session-${n}`)
const tracksOf = (table: RouteTable, name = 'echo') => SESSIONS.map(session => table.trackOf(table.byName(name)!, session))
const share = (tracks: readonly string[], track: string) => tracks.filter(each => each === track).length / tracks.length
const weighed = (weights: TrackWeights, ...args: Parameters<typeof tableOf>) => {
  const table = tableOf(...args)
  table.setTracks({ orders: { tracks: weights } })
  return table
}
const BOTH = { orders: [echo], orders_canary: [echo] }

describe('tracks of a service', () => {
  test('a canary gets nothing until somebody gives it a share', () => {
    assert.equal(share(tracksOf(tableOf(BOTH)), 'orders'), 1)
  })

  test('sessions are shared out by weight, the same at every gateway', () => {
    const tracks = tracksOf(weighed({ stable: 90, canary: 10 }, BOTH))
    assert.ok(Math.abs(share(tracks, 'orders_canary') - 0.1) < 0.02, `${share(tracks, 'orders_canary')}`)
    assert.deepEqual(tracks, tracksOf(weighed({ canary: 1, stable: 9 }, BOTH)))
  })

  test('a share that grows takes from stable alone: whoever was on the canary stays there', () => {
    const table = weighed({ stable: 90, canary: 10 }, BOTH)
    const before = tracksOf(table)
    table.setTracks({ orders: { tracks: { stable: 60, canary: 40 } } })
    const after = tracksOf(table)
    assert.ok(before.every((track, n) => track === 'orders' || after[n] === track))
    assert.ok(Math.abs(share(after, 'orders_canary') - 0.4) < 0.03)
  })

  test('all of it may go to the canary', () => {
    assert.equal(share(tracksOf(weighed({ stable: 0, canary: 1 }, BOTH)), 'orders_canary'), 1)
  })

  test('a canary without a worker gets nothing, stable keeps its share through its own outage', () => {
    const weights = { stable: 50, canary: 50 }
    assert.equal(share(tracksOf(weighed(weights, { orders: [echo] }, [remembered(echo, 5, 'canary')])), 'orders'), 1)
    const outage = tracksOf(weighed(weights, { orders_canary: [echo] }, [remembered(echo, 5)]))
    assert.ok(Math.abs(share(outage, 'orders') - 0.5) < 0.03)
  })

  test('a track with the whole share and no worker gives way to who serves the route', () => {
    const table = weighed({ stable: 0, canary: 1 }, { orders: [echo] }, [remembered(echo, 5, 'canary')])
    assert.equal(share(tracksOf(table), 'orders'), 1)
  })

  test('a route that only the canary has goes there, whatever its share; so does one that stable has given up', () => {
    const fresh = route({ name: 'fresh' })
    const table = tableOf({ orders: [echo], orders_canary: [echo, fresh] }, [])
    assert.equal(share(tracksOf(table, 'fresh'), 'orders_canary'), 1)
    const given = tableOf({ orders: [echo], orders_canary: [echo, fresh] }, [remembered(fresh, 5)])
    assert.equal(share(tracksOf(given, 'fresh'), 'orders_canary'), 1)
  })

  test('a track is served by its own workers alone', () => {
    const table = tableOf({ orders_canary: [echo] }, [remembered(echo, NOW - 70_000)])
    const known = table.byName('echo')!
    const served = (on?: string) => table.isServed(known, NOW, 60_000, on)
    assert.deepEqual([served(), served('orders_canary'), served('orders')], [true, true, false])
  })

  test('shares that make no sense are refused, and change nothing', () => {
    const table = weighed({ stable: 1, canary: 1 }, BOTH)
    const before = tracksOf(table)
    const set = (tracks: TrackWeights) => table.setTracks({ billing: { tracks: { canary: 1 } }, orders: { tracks } })
    assert.throws(() => set({ stable: -1, canary: 1 }), /tracks of orders: stable has the share -1/)
    assert.throws(() => set({ stable: 0, canary: 0 }), /tracks of orders: no track has a share/)
    assert.deepEqual([tracksOf(table), table.weightsOf('billing')], [before, { stable: 1 }])
  })

  test('shares are those that were said last: a service that is no longer named, or has none, is on stable alone', () => {
    const table = weighed({ canary: 1 }, BOTH)
    table.setTracks({ billing: { tracks: { canary: 1 } }, orders: {} })
    assert.deepEqual([share(tracksOf(table), 'orders'), table.weightsOf('billing')], [1, { canary: 1 }])
    table.setTracks({})
    assert.deepEqual(table.weightsOf('billing'), { stable: 1 })
  })
})
