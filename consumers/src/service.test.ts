import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { json } from './codecs/json.ts'
import { contextOf, messageOf } from './messages.fixture.ts'
import { type MessageOptions, type Middleware, message } from './route.ts'
import { service } from './service.ts'

const nothing = () => undefined
const context = contextOf(messageOf())

/** A middleware that writes when it begins and ends. */
const noting =
  (notes: string[], name: string): Middleware =>
  async (_ctx, next) => {
    notes.push(`${name} in`)
    const result = await next()
    notes.push(`${name} out`)
    return result
  }

describe('a route', () => {
  test('is ordered by session, waits a minute and retries by default', () => {
    const { run, handler, codecs, ...route } = message('order.place').handle(nothing)
    assert.deepEqual(route, {
      name: 'order.place',
      opcode: undefined,
      input: undefined,
      timeoutMs: 60_000,
      retry: { attempts: 5, minMs: 200, maxMs: 30_000, jitter: 0.5 },
      order: 'session',
      orderKey: undefined,
      priority: 'normal',
      oneWay: false,
      output: undefined,
      policies: { concurrency: undefined, cache: undefined, rate: undefined, breaker: undefined },
      gate: undefined,
      fallback: undefined,
      middleware: [],
      threads: undefined,
    })
  })

  for (const name of ['', '.hidden', 'two words', 'a/b', 'é', 'x'.repeat(129)]) {
    test(`can't be named ${JSON.stringify(name.slice(0, 12))}`, () => {
      assert.throws(() => message(name), { name: 'TypeError', message: /route name .*expected 1 to 128/ })
    })
  }

  const wrong: [MessageOptions<undefined>, RegExp][] = [
    [{ codecs: [json, json] }, /route pay: codecs JSON and JSON both have number 1/],
    [{ opcode: 0 }, /route pay: opcode is 0/],
    [{ opcode: 0x10000 }, /route pay: opcode is 65536/],
    [{ opcode: 1.5 }, /route pay: opcode is 1\.5/],
    [{ timeout: 'later' }, /route pay: timeout is "later"/],
  ]
  for (const [options, text] of wrong) {
    test(`is refused with ${JSON.stringify(options)}, by its name`, () => {
      assert.throws(() => message('pay', options), { name: 'TypeError', message: text })
    })
  }

  test('runs its middlewares from the first added inwards', async () => {
    const notes: string[] = []
    const route = message('work')
      .use(noting(notes, 'outer'))
      .use(noting(notes, 'inner'))
      .handle(input => {
        notes.push('handler')
        return input
      })
    assert.equal(await route.run('given', context), 'given')
    assert.deepEqual(notes, ['outer in', 'inner in', 'handler', 'inner out', 'outer out'])
  })

  test('keeps a middleware added to one branch of a builder out of the other', async () => {
    const notes: string[] = []
    const base = message('work')
    base.use(noting(notes, 'one'))
    await base.handle(nothing).run(undefined, context)
    assert.deepEqual(notes, [])
  })
})

describe('a service', () => {
  const route = message('work', { opcode: 7 }).handle(nothing)

  for (const name of ['', 'Orders', '-a', 'a.b', 'x'.repeat(65)]) {
    test(`can't be named ${JSON.stringify(name.slice(0, 12))}`, () => {
      assert.throws(() => service(name, [route]), { name: 'TypeError', message: /service name .*expected 1 to 64/ })
    })
  }

  test('has at least one route', () => {
    assert.throws(() => service('orders', []), /service orders has no routes/)
  })

  test('finds two routes of one name or one opcode, and names both', () => {
    assert.throws(() => service('orders', [route, message('work').handle(nothing)]), /service orders has two routes named work/)
    assert.throws(
      () => service('orders', [route, message('play', { opcode: 7 }).handle(nothing)]),
      /routes work and play of service orders both have opcode 7/,
    )
  })

  test('may have many routes without an opcode', () => {
    const routes = ['a', 'b'].map(name => message(name).handle(nothing))
    assert.equal(service('orders', routes).routes.length, 2)
  })

  test('puts its own middlewares around those of its routes', async () => {
    const notes: string[] = []
    const inner = message('work')
      .use(noting(notes, 'route'))
      .handle(() => 'done')
    const plain = service('orders', [inner], { version: '3' })
    const wrapped = plain.use(noting(notes, 'first')).use(noting(notes, 'second'))
    assert.equal(await wrapped.routes[0].run(undefined, context), 'done')
    assert.deepEqual(notes, ['first in', 'second in', 'route in', 'route out', 'second out', 'first out'])
    assert.equal(wrapped.version, '3')
  })

  test('is left as it was by use()', () => {
    const plain = service('orders', [route])
    const wrapped = plain.use((_ctx, next) => next())
    assert.notEqual(wrapped, plain)
    assert.equal(plain.routes[0], route)
  })
})
