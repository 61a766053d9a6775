import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pictureOf, routeOf } from './gateway.fixture.ts'
import { RouteTable } from './route-table.ts'

function tableOf(...pictures: Parameters<typeof pictureOf>[]): RouteTable {
  const table = new RouteTable()
  for (const picture of pictures) table.follow(pictureOf(...picture))
  return table
}

describe('the route table', () => {
  test('finds a route by name and by opcode', () => {
    const table = tableOf([[routeOf('echo', 1), routeOf('named', undefined)]])
    assert.equal(table.byName('echo')?.name, 'echo')
    assert.equal(table.byOpcode(1)?.name, 'echo')
    assert.equal(table.byName('named')?.opcode, undefined)
    assert.deepEqual([table.byName('other'), table.byOpcode(2)], [undefined, undefined])
  })

  test('is empty before the first picture, and forgets what a newer one does not have', () => {
    const table = new RouteTable()
    assert.equal(table.byOpcode(1), undefined)
    table.follow(pictureOf([routeOf('echo', 1)]))
    table.follow(pictureOf([routeOf('other', 2)]))
    assert.deepEqual([table.byName('echo'), table.byOpcode(1)], [undefined, undefined])
  })

  test('gives an opcode to the route that is served, whatever had it before', () => {
    const old = routeOf('old', 1, { lastSeen: 900 })
    const live = routeOf('new', 1, { lastSeen: 100 })
    assert.equal(tableOf([[live], [old]]).byOpcode(1)?.name, 'new')
  })

  test('gives an opcode that nobody serves to the route seen last', () => {
    const routes = [routeOf('older', 1, { lastSeen: 100 }), routeOf('newer', 1, { lastSeen: 200 })]
    assert.equal(tableOf([[], routes]).byOpcode(1)?.name, 'newer')
    assert.equal(tableOf([[], routes.toReversed()]).byOpcode(1)?.name, 'newer')
  })

  test('calls a route served while it has a worker, and for its grace after', () => {
    const route = routeOf('echo', 1, { lastSeen: 1_000 })
    const table = tableOf([[route]])
    assert.ok(table.isServed(route, 99_999, 0))
    table.follow(pictureOf([], [route]))
    assert.ok(table.isServed(route, 6_000, 5_000))
    assert.equal(table.isServed(route, 6_001, 5_000), false)
  })

  test('knows the services, in order', () => {
    const table = tableOf([[routeOf('b', 2, { service: 'zeta' }), routeOf('a', 1), routeOf('c', 3)]])
    assert.deepEqual(table.services, ['orders', 'zeta'])
  })
})
