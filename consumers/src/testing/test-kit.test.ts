import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { bytes, DeadLetter, message, Reject, RetryAfter, service, testKit } from '../index.ts'

const START = Date.UTC(2026, 0, 1)

describe('a service in the test kit', () => {
  test('answers as its client would be answered', async () => {
    using kit = testKit(
      service('orders', [
        message('order.place', { input: z.object({ item: z.string() }) }).handle(({ item }, ctx) => ({
          item,
          session: ctx.session,
          msgId: ctx.msgId,
        })),
        message('echo', { input: bytes }).handle(payload => payload),
        message('nothing').handle(() => undefined),
      ]),
    )
    assert.deepEqual(await kit.request('order.place', { item: 'tea' }), { item: 'tea', session: 'test', msgId: 1 })
    assert.deepEqual(await kit.request('order.place', { item: 'rum' }, { session: 'other' }), { item: 'rum', session: 'other', msgId: 1 })
    assert.deepEqual(await kit.request('echo', Uint8Array.of(1, 2), { codec: 0 }), Uint8Array.of(1, 2))
    assert.equal(await kit.request('nothing'), undefined)
  })

  test('refuses what a gateway or the schema would refuse, by its code', async () => {
    using kit = testKit(
      service('orders', [
        message('order.place', { input: z.object({ item: z.string() }) }).handle(() => 'placed'),
        message('never').handle(() => {
          throw new Reject('not today')
        }),
      ]),
      { maxPayload: 100 },
    )
    await assert.rejects(kit.request('order.place', { item: 1 }), { code: 'BAD_PAYLOAD', detail: /^item: / })
    await assert.rejects(kit.request('order.plaice'), { code: 'NO_ROUTE', message: 'NO_ROUTE: orders has no route order.plaice' })
    await assert.rejects(kit.request('order.place', { item: 'x'.repeat(100) }), { code: 'TOO_LARGE' })
    await assert.rejects(kit.request('never'), { code: 'REJECTED', detail: 'not today' })
  })

  test('is tried again when the clock gets there, which it does by itself where nothing else can happen', async () => {
    const attempts: [number, number][] = []
    using kit = testKit(
      service('orders', [
        message('flaky', { retry: { attempts: 4, min: '1s', max: '60s', jitter: 0 } }).handle((_, ctx) => {
          attempts.push([ctx.attempt, kit.now - START])
          if (ctx.attempt === 2) throw new RetryAfter(10_000)
          if (ctx.attempt < 4) throw new Error('not yet')
          return 'at last'
        }),
      ]),
    )
    assert.equal(await kit.request('flaky'), 'at last')
    assert.deepEqual(attempts, [
      [1, 0],
      [2, 1_000],
      [3, 11_000],
      [4, 15_000],
    ])
  })

  test('waits for its clock to be moved where a test wants that', async () => {
    let attempts = 0
    using kit = testKit(
      service('orders', [
        message('flaky', { retry: { attempts: 2, min: '5s', jitter: 0 } }).handle(() => {
          if (++attempts === 1) throw new Error('not yet')
          return attempts
        }),
      ]),
      { autoAdvance: false },
    )
    const answer = kit.request('flaky')
    await kit.advance(4_999)
    assert.equal(attempts, 1)
    await kit.advance(1)
    assert.equal(await answer, 2)
  })

  test('gives up after its attempts, or at once, and the dead letter says why', async () => {
    using kit = testKit(
      service('orders', [
        message('fail', { retry: { attempts: 2, min: '1s' } }).handle((_, ctx) => {
          throw new Error(`attempt ${ctx.attempt}`)
        }),
        message('poison').handle(() => {
          throw new DeadLetter('unreadable')
        }),
      ]),
    )
    await assert.rejects(kit.request('fail', { n: 1 }, { session: 's' }), { code: 'DEAD_LETTERED' })
    assert.equal(await kit.notify('poison', 'x'), 'deadLettered')
    assert.deepEqual(
      kit.deadLetters.map(({ errors, ...letter }) => ({ ...letter, errors: errors.map(({ error }) => error) })),
      [
        { session: 's', route: 'fail', payload: { n: 1 }, reason: '2 attempts failed', errors: ['Error: attempt 1', 'Error: attempt 2'] },
        { session: 'test', route: 'poison', payload: 'x', reason: 'unreadable', errors: ['DeadLetter: unreadable'] },
      ],
    )
  })

  test('keeps the order of a session behind a retry, and of no other', async () => {
    const handled: string[] = []
    using kit = testKit(
      service('orders', [
        message('work', { retry: { attempts: 2, min: '1s' } }).handle((input, ctx) => {
          handled.push(`${ctx.session} ${input} ${ctx.attempt}`)
          if (input === 'first' && ctx.attempt === 1) throw new Error('once')
        }),
        message('free', { order: 'none' }).handle((_, ctx) => void handled.push(`${ctx.session} free`)),
      ]),
      { autoAdvance: false },
    )
    const all = [
      kit.notify('work', 'first', { session: 'a' }),
      kit.notify('work', 'second', { session: 'a' }),
      kit.notify('work', 'first of b', { session: 'b' }),
      kit.notify('free', undefined, { session: 'a' }),
    ]
    await kit.advance('2s')
    assert.deepEqual(await Promise.all(all), ['notified', 'notified', 'notified', 'notified'])
    assert.deepEqual(handled.slice(0, 3).sort(), ['a first 1', 'a free', 'b first of b 1'])
    assert.deepEqual(handled.slice(3), ['a first 2', 'a second 1'])
  })

  test('streams, and is told when its reader leaves', async () => {
    const ended: unknown[] = []
    using kit = testKit(
      service('orders', [
        message('count').handle(async function* (to) {
          for (let n = 1; n <= (to as number); n++) yield n
        }),
        message('forever').handle(async function* (_, ctx) {
          ctx.signal.addEventListener('abort', () => ended.push('aborted'))
          for (let n = 1; ; n++) {
            yield n
            await new Promise(resolve => setImmediate(resolve))
          }
        }),
      ]),
    )
    assert.deepEqual(await kit.request('count', 3), [1, 2, 3])
    const taken: unknown[] = []
    for await (const n of kit.stream('forever')) if (taken.push(n) === 3) break
    await kit.advance(0)
    assert.deepEqual([taken, ended], [[1, 2, 3], ['aborted']])
  })

  test('pushes where the handler says, its own with the answer', async () => {
    using kit = testKit(
      service('orders', [
        message('tell').handle(async (_, ctx) => {
          await ctx.push(ctx.session, { own: true })
          await ctx.push('other', { own: false })
          await ctx.push({ channel: 'news' }, Uint8Array.of(1))
          if (ctx.attempt === 1) throw new Error('again')
        }),
      ]),
    )
    await kit.request('tell')
    assert.deepEqual(kit.pushes, [
      { session: 'other', payload: { own: false } },
      { channel: 'news', payload: Uint8Array.of(1) },
      { session: 'other', payload: { own: false } },
      { channel: 'news', payload: Uint8Array.of(1) },
      { session: 'test', payload: { own: true } },
    ])
  })

  test('times out and is cancelled by the clock and the client, and its signal says so', async () => {
    const aborted: string[] = []
    using kit = testKit(
      service('orders', [
        message('slow', { timeout: '5s', retry: { attempts: 1 } }).handle(async (_, ctx) => {
          await once(ctx.signal, 'abort')
          aborted.push((ctx.signal.reason as Error).message)
        }),
      ]),
    )
    const late = assert.rejects(kit.request('slow', undefined, { timeout: '2s' }), { code: 'TIMEOUT' })
    await kit.advance('2s')
    await late
    const wish = new AbortController()
    const cancelled = assert.rejects(kit.request('slow', undefined, { signal: wish.signal }), { code: 'CANCELLED' })
    await kit.advance(0)
    wish.abort()
    await cancelled
    await kit.advance(0)
    assert.deepEqual(aborted, ['the handler took longer than its time-out', 'its client has cancelled it'])
  })
})
