import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { type Context, message, Reject, service, testKit } from '../index.ts'

const START = Date.UTC(2026, 0, 1)

/** A dependency that a test takes away. */
class Dependency {
  away = true
  /** When it was asked, ms from the start. */
  readonly asked: number[] = []

  ask(now: number): string {
    this.asked.push(now - START)
    if (this.away) throw new Error('connect ECONNREFUSED')
    return 'here'
  }
}

const ONCE = { attempts: 1 } as const

describe('a breaker', () => {
  test('opens after failures in a row, lets one message try after a while, and closes when that goes well', async () => {
    const dependency = new Dependency()
    using kit = testKit(
      service('orders', [
        message('ask', { order: 'none', retry: ONCE, breaker: { failures: 3, openFor: '10s' } }).handle(() => dependency.ask(kit.now)),
      ]),
    )
    for (let i = 0; i < 3; i++) await assert.rejects(kit.request('ask'), { code: 'DEAD_LETTERED' })
    const kept = [kit.request('ask'), kit.request('ask'), kit.request('ask')]
    await kit.advance('5s')
    assert.equal(dependency.asked.length, 3)
    dependency.away = false
    assert.deepEqual(await Promise.all(kept), ['here', 'here', 'here'])
    assert.equal(dependency.asked[3], 10_000)
    assert.equal(dependency.asked.length, 6)
    assert.equal(kit.deadLetters.length, 3)
  })

  test('stays open where the one that tries fails too, and what waits has used up no attempt', async () => {
    const dependency = new Dependency()
    const attempts: number[] = []
    using kit = testKit(
      service('orders', [
        message('ask', { order: 'none', retry: { attempts: 2, min: 1, max: 1 }, breaker: { failures: 1, openFor: '1s' } }).handle(
          (_, ctx) => {
            attempts.push(ctx.attempt)
            return dependency.ask(kit.now)
          },
        ),
      ]),
    )
    const first = assert.rejects(kit.request('ask'), { code: 'DEAD_LETTERED' })
    await kit.advance('1500ms')
    await first
    dependency.away = false
    assert.equal(await kit.request('ask'), 'here')
    assert.deepEqual(attempts, [1, 2, 1])
  })

  test('counts time-outs, and neither a message that is refused nor one that is cancelled', async () => {
    let answers = 0
    using kit = testKit(
      service('orders', [
        message('slow', { order: 'none', timeout: '1s', retry: ONCE, breaker: { failures: 1, openFor: '1h' } }).handle(async (_, ctx) => {
          await once(ctx.signal, 'abort')
        }),
        message('no', { order: 'none', breaker: { failures: 1 } }).handle(() => {
          throw new Reject('no')
        }),
        message('wait', { order: 'none', breaker: { failures: 1 } }).handle(async (wait, ctx) => {
          if (wait === true) await once(ctx.signal, 'abort')
          else return ++answers
        }),
      ]),
      { autoAdvance: false },
    )
    await assert.rejects(kit.request('no'), { code: 'REJECTED' })
    await assert.rejects(kit.request('no'), { code: 'REJECTED' })
    const wish = new AbortController()
    const cancelled = kit.request('wait', true, { signal: wish.signal })
    await kit.advance(0)
    wish.abort()
    await assert.rejects(cancelled, { code: 'CANCELLED' })
    assert.equal(await kit.request('wait'), 1)
    const late = assert.rejects(kit.request('slow', undefined, { timeout: '1h' }), { code: 'DEAD_LETTERED' })
    await kit.advance('1s')
    await late
    const kept = assert.rejects(kit.request('slow', undefined, { timeout: '2s' }), { code: 'TIMEOUT' })
    await kit.advance('2s')
    await kept
    assert.equal(kit.deadLetters.length, 1)
  })

  test('has a fallback answer, where the route says so', async () => {
    const dependency = new Dependency()
    using kit = testKit(
      service('orders', [
        message('price', { retry: ONCE, breaker: { failures: 1 } })
          .fallback((item, ctx) => ({ item, guessed: true, msgId: ctx.msgId }))
          .handle(() => dependency.ask(kit.now)),
      ]),
    )
    await assert.rejects(kit.request('price', 'tea'), { code: 'DEAD_LETTERED' })
    assert.deepEqual(await kit.request('price', 'tea'), { item: 'tea', guessed: true, msgId: 2 })
    assert.equal(dependency.asked.length, 1)
  })
})

test('a rate lets a burst through and then one after the other', async () => {
  const handled: number[] = []
  using kit = testKit(
    service('orders', [
      message('mail', { order: 'none', rate: { limit: 4, per: '1s' } }).handle((_, ctx) => {
        handled.push(kit.now - START)
        return ctx.attempt
      }),
    ]),
  )
  const attempts = await Promise.all(Array.from({ length: 10 }, () => kit.request('mail')))
  assert.deepEqual(attempts, new Array(10).fill(1))
  assert.deepEqual(handled.slice(0, 4), [0, 0, 0, 0])
  for (const [index, at] of handled.entries()) assert.ok(at >= (index - 3) * 250, `${index} at ${at}`)
})

describe('a cache', () => {
  const counted = (ttl: string, answer: (n: number, ctx: Context) => unknown = n => n) => {
    let runs = 0
    return message('price', {
      order: 'none',
      retry: ONCE,
      cache: { key: input => (typeof input === 'string' ? input : undefined), ttl, entries: 2 },
    }).handle(async (_, ctx) => {
      await new Promise(resolve => setImmediate(resolve))
      return await answer(++runs, ctx)
    })
  }

  test('answers for a while, by key, and not what has none', async () => {
    using kit = testKit(service('orders', [counted('10s')]))
    assert.deepEqual([await kit.request('price', 'tea'), await kit.request('price', 'tea'), await kit.request('price', 'rum')], [1, 1, 2])
    assert.deepEqual([await kit.request('price', 7), await kit.request('price', 7)], [3, 4])
    await kit.advance('10s')
    assert.equal(await kit.request('price', 'tea'), 5)
  })

  test('lets one handler run for all who ask at a time, and keeps no failure', async () => {
    using kit = testKit(
      service('orders', [
        counted('10s', n => {
          if (n === 1) throw new Reject('not the first')
          return n
        }),
      ]),
    )
    const first = await Promise.allSettled([kit.request('price', 'tea'), kit.request('price', 'tea')])
    assert.deepEqual(
      first.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.deepEqual(await Promise.all([kit.request('price', 'tea'), kit.request('price', 'tea')]), [2, 2])
  })

  test('is bounded, and forgets what was asked for longest ago', async () => {
    using kit = testKit(service('orders', [counted('1h')]))
    for (const item of ['a', 'b', 'a', 'c']) await kit.request('price', item)
    assert.deepEqual([await kit.request('price', 'a'), await kit.request('price', 'b')], [1, 4])
  })

  test('stands behind middleware, which may refuse what is cached', async () => {
    const route = counted('1h')
    using kit = testKit(
      service('orders', [route]).use(async (ctx, next) => {
        if (ctx.principal !== 'ann') throw new Reject('not you')
        return await next()
      }),
    )
    assert.equal(await kit.request('price', 'tea', { principal: 'ann' }), 1)
    await assert.rejects(kit.request('price', 'tea', { principal: 'eve' }), { code: 'REJECTED' })
  })
})

test('a wrong policy is named', () => {
  assert.throws(() => message('m', { rate: { limit: 0 } }), { message: 'route m: rate.limit is 0: expected a whole number from 1' })
  assert.throws(() => message('m', { breaker: { openFor: 'soon' } }), /route m: breaker.openFor is "soon"/)
  assert.throws(() => message('m', { cache: { key: () => '', ttl: 0 } }), { message: 'route m: cache.ttl is 0 ms: expected more than 0' })
  assert.throws(() => message('m').fallback(() => 1), { message: 'route m has a fallback and no breaker: what would it answer for?' })
})
