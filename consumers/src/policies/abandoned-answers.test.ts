import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { until } from '@causeway/testing'
import { message, service, testKit } from '../index.ts'

const cached = { order: 'none', retry: { attempts: 1 }, timeout: '1s', cache: { key: () => 'all', ttl: '1h' } } as const

test('who waits for an answer asks itself when the one that asks is cancelled', async () => {
  let asked = 0
  using kit = testKit(
    service('shop', [
      message('price', cached).handle(async (_, ctx) => {
        if (++asked > 1) return asked
        await once(ctx.signal, 'abort')
        throw ctx.signal.reason
      }),
    ]),
  )
  const wish = new AbortController()
  const first = assert.rejects(kit.request('price', undefined, { signal: wish.signal }), { code: 'CANCELLED' })
  await until(() => asked === 1)
  const second = kit.request('price')
  wish.abort()
  await first
  assert.equal(await second, 2)
})

test('an answer that never comes is waited for as long as the one that asks has time', async () => {
  let asked = 0
  using kit = testKit(
    service('shop', [
      message('price', cached).handle(async () => {
        if (++asked === 1) await new Promise(() => undefined)
        return asked
      }),
    ]),
    { autoAdvance: false },
  )
  const first = assert.rejects(kit.request('price', undefined, { timeout: '1m' }), { code: 'DEAD_LETTERED' })
  await kit.advance('1s')
  await first
  assert.equal(await kit.request('price'), 2)
})

test('an answer that would be another one as a copy is not shared', async () => {
  class Money {
    readonly cents = 1250
    toJSON(): string {
      return '12.50'
    }
  }
  let asked = 0
  using kit = testKit(
    service('shop', [
      message('price', { ...cached, cache: { ...cached.cache, shared: true } }).handle(() => ({ price: new Money(), asked: ++asked })),
    ]),
  )
  assert.deepEqual(
    [await kit.request('price'), await kit.request('price')],
    [
      { price: '12.50', asked: 1 },
      { price: '12.50', asked: 2 },
    ],
  )
})

test('a key that is no text is refused, for all objects would be one', async () => {
  for (const key of [{}, ['a'], () => 'a']) {
    const options = { ...cached, cache: { key: () => key as unknown as string, ttl: '1h' } }
    using kit = testKit(service('shop', [message('price', options).handle(() => 1)]))
    await assert.rejects(kit.request('price'), /route price: cache.key gives an? .*: expected a text, or undefined for none/)
  }
})
