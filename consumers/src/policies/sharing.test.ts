import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { ResultsInMemory } from '@causeway/results/in-memory'
import { silentLogger } from '@causeway/telemetry'
import { turn, until } from '@causeway/testing'
import { DeadLetter, message, OnceUnknown, service, testKit } from '../index.ts'
import { Once } from '../once.ts'

const inAnyOrder = { order: 'none' } as const

/** A handler that ends when told to, and how many of a key it runs at most. */
class Held {
  readonly #ends: (() => void)[] = []
  readonly #running = new Map<string, number>()
  most = 0
  began = 0

  async run(key: string): Promise<void> {
    const running = (this.#running.get(key) ?? 0) + 1
    this.#running.set(key, running)
    this.most = Math.max(this.most, running)
    this.began++
    await new Promise<void>(resolve => this.#ends.push(resolve))
    this.#running.set(key, this.#running.get(key)! - 1)
  }

  endAll(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}

describe('places of a key', () => {
  test('are taken by so many of its messages, and by those of other keys beside them', async () => {
    const held = new Held()
    const options = { ...inAnyOrder, concurrency: { key: (tenant: unknown) => tenant as string, perKey: 2 } }
    using kit = testKit(service('orders', [message('work', options).handle(tenant => held.run(tenant as string))]))
    const all = Promise.all(['a', 'a', 'a', 'a', 'a', 'a', 'b'].map(tenant => kit.request('work', tenant)))
    await until(() => held.began === 3)
    const ending = setInterval(() => held.endAll(), 1)
    await all
    clearInterval(ending)
    assert.deepEqual([held.most, held.began], [2, 7])
    assert.equal(kit.deadLetters.length, 0)
  })

  test('are free again after failures, and after messages that did not wait for theirs', async () => {
    let began = 0
    const options = { ...inAnyOrder, retry: { attempts: 1 }, timeout: '1s', concurrency: { key: () => 'one' } }
    using kit = testKit(
      service('orders', [
        message('work', options).handle(async (how, ctx) => {
          began++
          if (how === 'fail') throw new Error('no')
          if (how === 'hang') await once(ctx.signal, 'abort')
          return 'done'
        }),
      ]),
      { autoAdvance: false },
    )
    const ends = ['fail', 'hang', 'hang', 'hang'].map(how => assert.rejects(kit.request('work', how)))
    await kit.advance('10s')
    await Promise.all(ends)
    assert.ok(began >= 2)
    assert.equal(await kit.request('work', 'well'), 'done')
  })
})

describe('a shared cache', () => {
  test('asks once for all who ask at a time, and again when its time is over', async () => {
    let asked = 0
    const held = new Held()
    using kit = testKit(
      service('shop', [
        message('price', { ...inAnyOrder, cache: { key: item => String(item), ttl: '30s', shared: true } }).handle(async item => {
          await held.run(String(item))
          return { item, price: ++asked, at: new Date(0), size: 12n > 11n }
        }),
      ]),
      { autoAdvance: false },
    )
    const answers = Promise.all([kit.request('price', 'tea'), kit.request('price', 'tea'), kit.request('price', 'tea')])
    await until(() => held.began === 1)
    held.endAll()
    assert.deepEqual(
      (await answers).map(answer => (answer as { price: number }).price),
      [1, 1, 1],
    )
    await kit.advance('31s')
    const again = kit.request('price', 'tea')
    await until(() => held.began === 2)
    held.endAll()
    assert.equal(((await again) as { price: number }).price, 2)
  })

  test('keeps no failure, and lets the next one ask', async () => {
    let asked = 0
    using kit = testKit(
      service('shop', [
        message('price', { ...inAnyOrder, retry: { attempts: 1 }, cache: { key: () => 'all', ttl: '1h', shared: true } }).handle(() => {
          if (++asked === 1) throw new Error('away')
          return asked
        }),
      ]),
    )
    await assert.rejects(kit.request('price'), { code: 'DEAD_LETTERED' })
    assert.deepEqual([await kit.request('price'), await kit.request('price'), asked], [2, 2, 2])
  })
})

describe('an effect that runs once', () => {
  test('runs in one attempt, and the others have its result', async () => {
    let charged = 0
    using kit = testKit(
      service('shop', [
        message('buy', { retry: { attempts: 3 } }).handle(async (_, ctx) => {
          const receipt = await ctx.once('charge', () => ({ receipt: ++charged }))
          if (ctx.attempt < 3) throw new Error('the mail server is away')
          return receipt
        }),
      ]),
    )
    assert.deepEqual(await kit.request('buy'), { receipt: 1 })
    assert.deepEqual(await kit.request('buy'), { receipt: 2 })
    assert.equal(charged, 2)
  })

  test('runs again where it threw: it says that it did not take place', async () => {
    let tried = 0
    using kit = testKit(
      service('shop', [
        message('buy', { retry: { attempts: 3 } }).handle((_, ctx) =>
          ctx.once('charge', () => {
            if (++tried < 3) throw new Error('declined for now')
            return tried
          }),
        ),
      ]),
    )
    assert.equal(await kit.request('buy'), 3)
  })

  test('is waited for by the next attempt where the one that began it ran out of time', async () => {
    let charged = 0
    const bank = Promise.withResolvers<void>()
    using kit = testKit(
      service('shop', [
        message('buy', { timeout: '1s', retry: { attempts: 5, min: 10, max: 10 } }).handle((_, ctx) =>
          ctx.once('charge', async () => {
            await bank.promise
            return ++charged
          }),
        ),
      ]),
      { autoAdvance: false },
    )
    const answer = kit.request('buy', undefined, { timeout: '1h' })
    await kit.advance('1500ms')
    bank.resolve()
    await kit.advance('1s')
    assert.deepEqual([await answer, charged], [1, 1])
  })

  test('whose result cannot be remembered makes a dead letter rather than run again', async () => {
    let ran = 0
    using kit = testKit(
      service('shop', [
        message('buy').handle((_, ctx) =>
          ctx.once('charge', () => {
            ran++
            return () => 'a function'
          }),
        ),
      ]),
    )
    await assert.rejects(kit.request('buy'), /took place, but its result can't be remembered/)
    assert.equal(ran, 1)
  })

  test('that an attempt began at a worker that died is not run again: its message is given up, unless the handler finds out itself', async () => {
    const results = new ResultsInMemory()
    const message = { session: 's', incarnation: 'i', msgId: 1 }
    const dying = new Once('shop', results, silentLogger)
    void dying.run(message, 'charge', () => new Promise(() => undefined))
    await turn()
    const next = new Once('shop', results, silentLogger)
    const attempt = next.run(message, 'charge', () => assert.fail('it ran twice'))
    await assert.rejects(attempt, error => error instanceof OnceUnknown && error instanceof DeadLetter && /"charge"/.test(error.message))
    assert.equal(await next.run({ ...message, msgId: 2 }, 'charge', () => 'another message'), 'another message')
  })

  test('gives its first attempt what the others get too: a copy', async () => {
    class Receipt {
      readonly cents = 1250
    }
    using kit = testKit(
      service('shop', [
        message('buy', { retry: { attempts: 2 } }).handle(async (_, ctx) => {
          const receipt = await ctx.once('charge', () => new Receipt())
          if (ctx.attempt === 1 && !(receipt instanceof Receipt)) throw new Error('the mail server is away')
          return [ctx.attempt, receipt]
        }),
      ]),
    )
    assert.deepEqual(await kit.request('buy'), [2, { cents: 1250 }])
  })

  test('is not begun where its result would not be kept, or nobody could name it', async () => {
    using kit = testKit(
      service('shop', [
        message('buy', { retry: { attempts: 1 } }).handle((how, ctx) =>
          how === 'unnamed'
            ? ctx.once('', () => assert.fail('it ran'))
            : ctx.once('charge', () => assert.fail('it ran'), { keepFor: how as number }),
        ),
      ]),
    )
    await assert.rejects(kit.request('buy', 0), /ctx.once\("charge"\): keepFor is 0 ms: expected 1 s to 365 days/)
    await assert.rejects(kit.request('buy', '9000h'), /expected 1 s to 365 days/)
    await assert.rejects(kit.request('buy', 'unnamed'), /expected a name, and the effect as a function/)
  })

  test('that is left alone and fails does not end the process', async () => {
    using kit = testKit(
      service('shop', [
        message('buy').handle((_, ctx) => {
          void ctx.once('charge', () => Promise.reject(new Error('declined')))
          void ctx.push('nobody', 1)
          return 'sold'
        }),
      ]),
    )
    assert.equal(await kit.request('buy'), 'sold')
    // an unhandled rejection would end the process by now
    await turn()
  })
})
