import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keysOf, patchOf, valueAt } from './config-path.ts'

describe('a path into the configuration', () => {
  const paths: [string, string[]][] = [
    ['gateway.window', ['gateway', 'window']],
    ['services.orders.config.limit', ['services', 'orders', 'config', 'limit']],
    ['services.orders.routes.order.place.retry.attempts', ['services', 'orders', 'routes', 'order.place', 'retry', 'attempts']],
    ['services.orders.routes.order.place', ['services', 'orders', 'routes', 'order.place']],
    ['services.orders.routes.echo.timeout', ['services', 'orders', 'routes', 'echo', 'timeout']],
    ['services/orders/routes/a.timeout/timeout', ['services', 'orders', 'routes', 'a.timeout', 'timeout']],
    ['worker', ['worker']],
  ]
  for (const [path, keys] of paths) test(path, () => assert.deepEqual(keysOf(path), keys))

  for (const path of ['', 'gateway..window', 'gateway/'])
    test(`${JSON.stringify(path)} is none`, () => assert.throws(() => keysOf(path), /expected keys with dots/))

  test('leads to a value, or to nothing', () => {
    const document = { gateway: { window: 5 } }
    assert.equal(valueAt(document, ['gateway', 'window']), 5)
    assert.equal(valueAt(document, ['gateway', 'window', 'deep']), undefined)
    assert.equal(valueAt(document, ['constructor']), undefined)
  })

  test('becomes a patch of one value', () => assert.deepEqual(patchOf(['a', 'b'], 1), { a: { b: 1 } }))
})
