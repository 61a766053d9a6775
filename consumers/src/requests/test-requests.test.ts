import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Reject } from '../outcome-errors.ts'
import { message } from '../route.ts'
import { service } from '../service.ts'
import { testKit } from '../testing/test-kit.ts'
import { RequestError } from './request-error.ts'
import type { TestRequest } from './test-requests.ts'

const orders = service('orders', [
  message('order.place', { retry: { attempts: 2, min: 1 } }).handle(async (items, ctx) => {
    try {
      return await ctx.request('stock.take', items)
    } catch (error) {
      if (error instanceof RequestError && error.code === 'REJECTED') return `sold out: ${error.detail}`
      throw error
    }
  }),
])

describe('requests of handlers in the test kit', () => {
  test('ask what the test gives for the route, with the key that a worker would give', async () => {
    const asked: TestRequest[] = []
    using kit = testKit(orders, {
      requests: {
        'stock.take': (items, request) => {
          asked.push(request)
          return { left: (items as number) - 1 }
        },
      },
    })
    assert.deepEqual(await kit.request('order.place', 3, { session: 's', principal: 'ann' }), { left: 2 })
    assert.deepEqual(asked, [{ route: 'stock.take', key: 'orders/s/1/r1', session: 's', principal: 'ann' }])
  })

  test('reject as they would, and fail the attempt where nobody catches it', async () => {
    using sold = testKit(orders, { requests: { 'stock.take': () => Promise.reject(new Reject('no tea')) } })
    assert.equal(await sold.request('order.place', 1), 'sold out: no tea')
    using down = testKit(orders, {
      requests: { 'stock.take': () => Promise.reject(Object.assign(new Error('full'), { code: 'OVERLOADED' })) },
    })
    await assert.rejects(down.request('order.place', 1), { code: 'DEAD_LETTERED' })
    assert.match(down.deadLetters[0].errors[1].error, /OVERLOADED: full/)
    using nobody = testKit(orders)
    await assert.rejects(nobody.request('order.place', 1), /NO_ROUTE/)
  })
})
