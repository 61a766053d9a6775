import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FinishResult } from '@causeway/sessions'
import { until } from '@causeway/testing'
import type { Context } from '../context.ts'
import { unpackEmit } from '../emits/emit-record.ts'
import { routeOf } from '../handlers.fixture.ts'
import type { AttemptWish } from '../message-runner.ts'
import { finals, messageOf, problemOf, type RecordChanges, recordOf } from '../messages.fixture.ts'
import { Reject } from '../outcome-errors.ts'
import type { Handler, MessageOptions } from '../route.ts'
import { FakeSessions } from '../stores.fixture.ts'
import { assignedWorkbench, workbench } from '../workbench.fixture.ts'
import { EMIT_HOPS, EMITS_OF_MESSAGE, STATE_BYTES, STATE_KEYS } from './limits.ts'
import { encodeStateValue } from './state-value.ts'

interface Attempt extends RecordChanges {
  sessions?: FakeSessions
  options?: MessageOptions<undefined>
}

/** Runs a first attempt to its finish, or to its wish for another. */
async function run(handler: Handler<unknown>, { sessions = new FakeSessions(), options, ...changes }: Attempt = {}) {
  using bench = workbench([routeOf(handler, options)], 1, { sessions })
  const results: FinishResult[] = []
  const wish: AttemptWish = await bench.runner.run(messageOf(changes), 1, [], undefined, result => results.push(result))
  if (wish === undefined) await until(() => results.length === 1)
  return { ...bench, wish, results, final: finals(sessions.entries).at(-1), error: wish?.errors.at(-1)?.error ?? '' }
}

const keeping = (values: Record<string, unknown>, session = 's'): FakeSessions => {
  const sessions = new FakeSessions()
  const kept = Object.entries(values).map(([key, value]): [string, Uint8Array] => [key, encodeStateValue(key, value)])
  sessions.kept.set(session, { version: 3, values: new Map(kept) })
  return sessions
}

describe('state', () => {
  test('is read once, and written with the finish', async () => {
    const sessions = keeping({ items: ['tea'], gone: 1 })
    const { final } = await run(
      async (_input, { state }) => {
        const [items, none] = await Promise.all([state.get<string[]>('items'), state.get('none')])
        state.set('items', [...items!, 'milk'])
        state.delete('gone')
        return none === undefined
      },
      { sessions },
    )
    assert.deepEqual(sessions.askedStates, [[{ service: 'orders', session: 's', bucket: messageOf().bucket }]])
    assert.deepEqual(final?.effects?.state, {
      ...{ service: 'orders', version: 3, deletes: ['gone'] },
      sets: [['items', encodeStateValue('', ['tea', 'milk'])]],
    })
  })

  test('reads of several messages go to the store in one call', async () => {
    const sessions = new FakeSessions()
    const bench = await assignedWorkbench([routeOf((_input, { state }) => state.get('a'))], undefined, { sessions })
    bench.dispatcher.records(0, [recordOf({ session: 'a', offset: 1 }), recordOf({ session: 'b', offset: 2 })])
    await until(() => sessions.entries.length === 2)
    bench[Symbol.dispose]()
    assert.deepEqual(
      sessions.askedStates.map(queries => queries.map(({ session }) => session)),
      [['a', 'b']],
    )
  })

  test('shows a handler its own writes, and gives copies', async () => {
    const seen: unknown[] = []
    const sessions = keeping({ list: [1] })
    await run(
      async (_input, { state }) => {
        const list = await state.get<number[]>('list')
        list!.push(2)
        seen.push(await state.get('list'))
        state.set('bytes', Uint8Array.of(7))
        state.set('nothing', null)
        seen.push(await state.get('bytes'), await state.get('nothing'))
        state.delete('list')
        seen.push([...(await state.all()).keys()])
      },
      { sessions },
    )
    assert.deepEqual(seen, [[1], Uint8Array.of(7), null, ['bytes', 'nothing']])
  })

  test('is left as it was by an attempt that fails, or rejects', async () => {
    const failing = async (error: Error) => {
      const sessions = keeping({ n: 1 })
      const ran = await run(
        async (_input, ctx) => {
          ctx.state.set('n', 2)
          await ctx.push(ctx.session, 'never seen')
          await ctx.emit('stock.take')
          throw error
        },
        { sessions },
      )
      return { ...ran, version: sessions.kept.get('s')?.version }
    }
    const failed = await failing(new Error('broken'))
    assert.deepEqual([failed.version, failed.final], [3, undefined])
    const rejected = await failing(new Reject('sold out'))
    assert.deepEqual([rejected.version, rejected.final?.outcome, rejected.final?.effects], [3, 'rejected', undefined])
  })

  test('changed by another finish: the message is handled again on what there is then', async () => {
    const sessions = keeping({ n: 1 })
    sessions.forbidding.push('conflict')
    let runs = 0
    const { final, results, counters } = await run(
      async (_input, { state, attempt }) => {
        runs++
        state.set('n', (await state.get<number>('n'))! + 1)
        return attempt
      },
      { sessions },
    )
    assert.deepEqual([runs, results, counters.conflicts, sessions.kept.get('s')?.version], [2, [{ status: 'done' }], 1, 4])
    assert.equal(final?.effects?.state?.version, 3)
  })

  test('changed again and again: the message waits a while, and uses up no attempt', async () => {
    const sessions = new FakeSessions()
    sessions.forbidding.push(...Array<'conflict'>(20).fill('conflict'))
    const { wish, counters } = await run((_input, { state }) => state.set('n', 1), { sessions })
    assert.deepEqual([wish?.counts, wish?.errors, counters.conflicts], [false, [], 11])
    assert.ok(wish!.delayMs >= 100 && wish!.delayMs <= 200, `${wish!.delayMs}`)
  })

  test('of the next message is read when the finish of the one before has returned', async () => {
    const sessions = new FakeSessions()
    const bench = await assignedWorkbench(
      [routeOf(async (_input, { state }) => state.set('n', ((await state.get<number>('n')) ?? 0) + 1))],
      undefined,
      { sessions },
    )
    sessions.finishing.hold()
    bench.dispatcher.records(0, [recordOf({ msgId: 1, offset: 1 }), recordOf({ msgId: 2, offset: 2 })])
    await until(() => sessions.calls.length === 1)
    assert.equal(sessions.askedStates.length, 1)
    sessions.finishing.release()
    await until(() => sessions.entries.length === 2)
    bench[Symbol.dispose]()
    assert.deepEqual([sessions.statuses, sessions.kept.get('s')?.version], [['done', 'done'], 2])
  })

  test('has limits, and says which one was met', async () => {
    const large = await run((_input, { state }) => state.set('large', 'x'.repeat(STATE_BYTES)))
    assert.match(
      large.error,
      /^RangeError: state of s in orders: 26\d{4} bytes under 1 keys with "large": at most 262144 bytes and 1000 keys/,
    )
    const many = await run((_input, { state }) => {
      for (let n = 0; n <= STATE_KEYS; n++) state.set(`${n}`, n)
    })
    assert.match(many.error, /under 1001 keys/)
    const filled = keeping({ half: 'x'.repeat(STATE_BYTES / 2) })
    const unread = await run((_input, { state }) => state.set('other', 'x'.repeat(STATE_BYTES / 2)), { sessions: filled })
    assert.match(unread.error, /under 2 keys with "other"/)
    assert.match((await run((_input, { state }) => state.set('', 1))).error, /TypeError: state key "": expected a text of 1 to 128 bytes/)
    assert.match((await run((_input, { state }) => state.set('f', () => 1))).error, /JSON can't say function/)
  })

  test('is not to be had without an order, nor behind a cache', async () => {
    const write: Handler<unknown> = (_input, { state }) => state.set('n', 1)
    assert.match((await run(write, { options: { order: 'none' } })).error, /^TypeError: state: route work has order 'none'/)
    assert.match((await run(write, { options: { cache: { key: () => 'k', ttl: '1s' } } })).error, /route work has a cache/)
  })

  test('can not be written when the answer is out', async () => {
    let ctx: Context | undefined
    await run((_input, given) => {
      given.state.set('n', 1)
      ctx = given
    })
    assert.throws(() => ctx!.state.set('n', 2), /the attempt is over/)
    assert.throws(() => ctx!.emit('stock.take'), /the attempt is over/)
  })
})

describe('shared state', () => {
  const price = { version: 5, value: encodeStateValue('price', 3) }

  test('goes with the finish: what was read with its version, what was only written without', async () => {
    const sessions = new FakeSessions()
    sessions.keptShared.set('price', price)
    const { final } = await run(
      async (_input, { shared }) => {
        const [read, none] = await Promise.all([shared.get<number>('price'), shared.get('none')])
        shared.set('price', read! + 1)
        shared.set('blind', none === undefined)
        shared.delete('gone')
        return await shared.get('price')
      },
      { sessions, options: { order: 'none' } },
    )
    assert.deepEqual(final?.effects?.shared, {
      ...{ service: 'orders', deletes: ['gone'] },
      reads: [
        ['price', 5],
        ['none', 0],
      ],
      sets: [
        ['price', encodeStateValue('', 4)],
        ['blind', encodeStateValue('', true)],
      ],
    })
  })

  test('has limits: of a value, of keys in a message, of keys in all', async () => {
    assert.match(
      (await run((_input, { shared }) => shared.set('k', 'x'.repeat(70_000)))).error,
      /^RangeError: shared state: 7\d{4} bytes under "k": at most 65536/,
    )
    const many = await run((_input, { shared }) => {
      for (let n = 0; n <= 100; n++) shared.set(`${n}`, n)
    })
    assert.match(many.error, /"100" is one key too many/)
    const sessions = new FakeSessions()
    sessions.forbidding.push('sharedFull')
    assert.match((await run((_input, { shared }) => shared.set('k', 1), { sessions })).error, /keeps 1000 shared keys already/)
  })
})

describe('an emit', () => {
  test('counts how many have led to it, one after the other', async () => {
    const hopsOf = async (changes: Attempt) => {
      const { final } = await run((_input, ctx) => ctx.emit('stock.take'), changes)
      return unpackEmit(final!.effects!.emits!.emits[0].record).head.hops
    }
    assert.deepEqual([await hopsOf({}), await hopsOf({ hops: EMIT_HOPS - 1 })], [1, EMIT_HOPS])
  })

  test('that is one of a circle makes its message a dead letter at once, and is counted', async () => {
    for (const handler of [
      async (_input: unknown, ctx: Context) => ctx.emit('stock.take'),
      (_input: unknown, ctx: Context) => void ctx.emit('stock.take'),
    ]) {
      const { retries, counters, final } = await run(handler, { hops: EMIT_HOPS, kind: 'notify' })
      assert.deepEqual([final?.outcome, final?.effects, counters.emitLoops, retries.buried.length], ['deadLettered', undefined, 1, 1])
      assert.match(retries.buried[0].errors[0].error, /^EmitLoop: emit stock.take: 32 emits in a row have led to this message/)
    }
  })

  test("of a circle may still go to a topic of the user's own", async () => {
    const { final } = await run((_input, ctx) => ctx.emit({ topic: 'shop.orders' }), { hops: EMIT_HOPS })
    assert.equal(final?.effects?.emits?.emits.length, 1)
  })

  test('goes with the finish, with what its target needs to know', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { final, emitted } = await run(
      async (_input, ctx) => {
        await ctx.emit('stock.take', { item: 'tea' })
        void ctx.emit('mail.send', Uint8Array.of(1), { timeout: '5s' })
      },
      { msgId: 4, traceparent },
    )
    const { service, principal, emits, expiresAt } = final!.effects!.emits!
    assert.deepEqual([service, principal, emitted], ['orders', 'someone', [messageOf().bucket]])
    assert.ok(expiresAt > Date.now() + 23 * 3_600_000)
    const [stock, mail] = emits.map(({ record }) => unpackEmit(record))
    assert.deepEqual(stock.head, {
      ...{ source: '~orders~s~stock', service: 'stock', route: 'stock.take', opcode: 7, codec: 1, deadline: 0 },
      ...{ principal: 'someone', key: 'orders/s/4/1', traceparent, hops: 1 },
    })
    assert.equal(stock.payload.toString(), '{"item":"tea"}')
    assert.deepEqual([mail.head.source, mail.head.key, [...mail.payload]], ['~orders~s~mail', 'orders/s/4/2', [1]])
    assert.ok(mail.head.deadline > Date.now() && mail.head.deadline <= Date.now() + 5_000)
  })

  test("goes to a topic of the user's own, with the session as its key, and to none of ours", async () => {
    const { final } = await run((_input, ctx) => ctx.emit({ topic: 'shop.orders' }, { n: 1 }))
    const [{ source, record }] = final!.effects!.emits!.emits
    const { head, payload } = unpackEmit(record)
    assert.deepEqual([source, head.topic, head.session, head.key, String(payload)], ['', 'shop.orders', 's', 'orders/s/1/1', '{"n":1}'])
    const { error } = await run((_input, ctx) => ctx.emit({ topic: 'causeway.orders.requests' }))
    assert.match(error, /^TypeError: emit: topic "causeway.orders.requests": expected 1 to 249 letters/)
  })

  test('to a route that nobody has ever served fails the attempt, awaited or not, and says which is near', async () => {
    const awaited = await run(async (_input, ctx) => ctx.emit('stock.tkae'))
    const forgotten = await run((_input, ctx) => void ctx.emit('stock.tkae'))
    for (const { wish, error } of [awaited, forgotten]) {
      assert.equal(wish?.counts, true)
      assert.match(error, /^TypeError: emit: NO_ROUTE: no service has ever served stock.tkae; did you mean stock.take\?/)
    }
  })

  test('has limits: so many of a message, and so many bytes', async () => {
    const many = await run(async (_input, ctx) => {
      for (let n = 0; n <= EMITS_OF_MESSAGE; n++) await ctx.emit('stock.take', n)
    })
    assert.match(many.error, /^RangeError: emit stock.take: a message emits at most 64/)
    const large = await run(async (_input, ctx) => {
      for (let n = 0; n < 2; n++) await ctx.emit('stock.take', new Uint8Array(600_000))
    })
    assert.match(large.error, /at most 1048576 bytes together/)
  })

  test('that finds the outbox full waits, and uses up no attempt', async () => {
    const sessions = new FakeSessions()
    sessions.forbidding.push('emitsFull')
    const { wish, counters, emitted } = await run((_input, ctx) => ctx.emit('stock.take'), { sessions })
    assert.deepEqual([wish, counters.emitsFull, emitted], [{ errors: [], delayMs: 1_000, counts: false }, 1, []])
  })

  test('of a stream goes with its last chunk', async () => {
    const { final, emitted } = await run(async function* (_input, ctx) {
      yield 1
      ctx.state.set('n', 1)
      await ctx.emit('stock.take')
      yield 2
    })
    assert.deepEqual([final?.effects?.state?.sets.length, final?.effects?.emits?.emits.length, emitted.length], [1, 1, 1])
  })

  test('of a stream whose state was changed meanwhile ends it as failed', async () => {
    const sessions = new FakeSessions()
    sessions.forbidding.push('conflict')
    const { final } = await run(
      async function* (_input, ctx) {
        yield 1
        ctx.state.set('n', 1)
      },
      { sessions },
    )
    assert.deepEqual([final?.outcome, problemOf(final).code, final?.effects], ['failed', 'HANDLER_FAILED', undefined])
  })

  test('tells its target where it comes from; the target can push to nobody by its own session', async () => {
    const emit = { session: '~cart~s1~orders', key: 'cart/s1/4/2', kind: 'notify' as const, gateway: '' }
    let source: unknown
    const { error } = await run((_input, ctx) => {
      source = ctx.source
      return ctx.push(ctx.session, 'hello')
    }, emit)
    assert.deepEqual(source, { service: 'cart', session: 's1', msgId: 4 })
    assert.match(error, /expected 1 to 64 letters/)
    await run(
      (_input, ctx) => {
        source = ctx.source
      },
      { key: 'cart/s1/4/2' },
    )
    assert.equal(source, undefined)
  })

  test('and a push find no room in the own outbox: nothing of it takes effect, and it is tried again', async () => {
    const sessions = keeping({ n: 1 })
    sessions.full.add('s')
    const { wish, error } = await run(
      async (_input, ctx) => {
        ctx.state.set('n', 2)
        await ctx.push(ctx.session, 'no room')
      },
      { sessions },
    )
    assert.deepEqual([wish?.counts, sessions.kept.get('s')?.version], [true, 3])
    assert.match(error, /outbox is full: nothing of it has taken effect/)
  })
})
