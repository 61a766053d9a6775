import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '@causeway/testing'
import { message } from '../route.ts'
import { service } from '../service.ts'
import { testKit } from './test-kit.ts'

const cart = service('cart', [
  message('cart.add', { retry: { attempts: 2 } }).handle(async (item, ctx) => {
    const items = [...((await ctx.state.get<unknown[]>('items')) ?? []), item]
    ctx.state.set('items', items)
    await ctx.emit('stock.take', { item })
    await ctx.emit('cart.count', items.length)
    if (item === 'nothing') throw new Error('no such item')
    return items.length
  }),
  message('cart.count', { oneWay: true }).handle(async (count, ctx) => {
    ctx.state.set('count', { count, from: ctx.source?.session })
  }),
])

const ring = service('ring', [
  message('ring.ping', { oneWay: true }).handle(async (_input, ctx) => await ctx.emit('ring.pong')),
  message('ring.pong', { oneWay: true }).handle(async (_input, ctx) => await ctx.emit('ring.ping')),
])

const counters = service('counters', [
  message('count', { order: 'none' }).handle(async (_input, { shared }) => {
    const count = ((await shared.get<number>('count')) ?? 0) + 1
    shared.set('count', count)
    return count
  }),
])

describe('the test kit', () => {
  test('shares state between sessions: of those that read the same, one is handled again', async () => {
    using kit = testKit(counters)
    const counts = await Promise.all(Array.from({ length: 8 }, (_, n) => kit.request('count', undefined, { session: `s${n}` })))
    assert.deepEqual(counts.sort(), [1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('keeps the state of each session', async () => {
    using kit = testKit(cart)
    assert.equal(await kit.request('cart.add', 'tea'), 1)
    assert.equal(await kit.request('cart.add', 'milk'), 2)
    assert.equal(await kit.request('cart.add', 'tea', { session: 'another' }), 1)
    assert.deepEqual(kit.state(), new Map([['items', ['tea', 'milk']]]))
    assert.deepEqual(kit.state('another'), new Map([['items', ['tea']]]))
  })

  test('lists what is emitted, and handles what goes to the service itself', async () => {
    using kit = testKit(cart)
    await kit.request('cart.add', 'tea')
    assert.deepEqual(kit.emits, [
      { route: 'stock.take', payload: { item: 'tea' }, key: 'cart/test/1/1' },
      { route: 'cart.count', payload: 1, key: 'cart/test/1/2' },
    ])
    await kit.advance(0)
    assert.deepEqual(kit.state('~cart~test~cart'), new Map([['count', { count: 1, from: 'test' }]]))
  })

  test('ends a circle of emits as a worker would: with a dead letter', async () => {
    using kit = testKit(ring)
    await kit.notify('ring.ping')
    await until(() => kit.deadLetters.length > 0, { what: 'its dead letter' })
    assert.deepEqual([kit.emits.length, kit.deadLetters.map(({ route, errors }) => [route, errors.length])], [32, [['ring.ping', 1]]])
    assert.match(kit.deadLetters[0].errors[0].error, /^EmitLoop: emit ring.pong: 32 emits in a row have led to this message/)
  })

  test('lets nothing of a failed message take effect', async () => {
    using kit = testKit(cart)
    await assert.rejects(kit.request('cart.add', 'nothing'), { code: 'DEAD_LETTERED' })
    assert.deepEqual([kit.emits, kit.state().size], [[], 0])
  })
})
