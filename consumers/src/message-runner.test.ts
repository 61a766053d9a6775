import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Codec, decodeFrame, FrameType } from '@causeway/protocol'
import type { AttemptError } from '@causeway/retries'
import type { FinishResult } from '@causeway/sessions'
import { turn, until } from '@causeway/testing'
import { routeOf } from './handlers.fixture.ts'
import type { AttemptWish } from './message-runner.ts'
import { deliveryOf, finals, jsonOf, messageOf, problemOf, type RecordChanges, textOf } from './messages.fixture.ts'
import { DeadLetter, Reject, RetryAfter } from './outcome-errors.ts'
import type { Handler, MessageOptions } from './route.ts'
import { workbench } from './workbench.fixture.ts'

interface Attempt extends RecordChanges {
  number?: number
  errors?: AttemptError[]
  options?: MessageOptions<undefined>
}

/** Runs one attempt of one message to its finish, or to its wish for another. */
async function run(handler: Handler<unknown>, { number = 1, errors = [], options, ...changes }: Attempt = {}) {
  const bench = workbench([routeOf(handler, options)])
  const results: FinishResult[] = []
  let wish: AttemptWish
  try {
    wish = await bench.runner.run(messageOf({ opcode: 7, ...changes }), number, errors, undefined, result => results.push(result))
    if (wish === undefined) await until(() => results.length === 1)
  } finally {
    bench[Symbol.dispose]()
  }
  const { entries } = bench.sessions
  return { ...bench, wish, results, entries, final: finals(entries).at(-1) }
}

const failing =
  (error: unknown = new Error('broken')) =>
  () => {
    throw error
  }
const pastError = (attempt: number): AttemptError => ({ at: 1, worker: 'wk-0', error: 'Error: before', attempt })

describe('an attempt', () => {
  test('answers under the number and opcode of its message', async () => {
    const { final, results, counters } = await run(() => ({ ok: true }), { msgId: 4 })
    const { type, msgId, opcode, codec, payload } = deliveryOf(final)
    assert.deepEqual([type, msgId, opcode, codec, jsonOf(payload)], [FrameType.RESPONSE, 4, 7, Codec.JSON, { ok: true }])
    assert.deepEqual([final?.outcome, final?.prev, results, counters.outcomes], ['answered', 3, [{ status: 'done' }], { answered: 1 }])
  })

  test('of a notification finishes it without a delivery, well or badly', async () => {
    const { final } = await run(() => 'nobody reads this', { kind: 'notify' })
    assert.deepEqual([final?.outcome, final?.frame], ['notified', undefined])
    const rejected = await run(failing(new Reject('no')), { kind: 'notify' })
    assert.deepEqual([rejected.final?.outcome, rejected.final?.frame], ['rejected', undefined])
  })

  test('that rejects answers REJECTED with its text and the trace of the request', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { final } = await run(failing(new Reject('sold out')), { traceparent })
    const { code, detail, traceId } = problemOf(final)
    assert.deepEqual([final?.outcome, code, detail, traceId], ['rejected', 'REJECTED', 'sold out', '0af7651916cd43dd8448eb211c80319c'])
  })

  test('with an answer larger than clients take ends as HANDLER_FAILED, and says how large it was', async () => {
    const { final } = await run(() => new Uint8Array((1 << 20) + 1))
    const { code, detail } = problemOf(final)
    assert.deepEqual([final?.outcome, code], ['failed', 'HANDLER_FAILED'])
    assert.match(detail ?? '', /^the answer has 1048577 bytes: at most 1048576/)
    const notified = await run(() => new Uint8Array((1 << 20) + 1), { kind: 'notify' })
    assert.equal(notified.final?.outcome, 'notified')
  })

  test('on input that is no JSON answers BAD_PAYLOAD', async () => {
    const { final } = await run(() => null, { value: Buffer.from('{') })
    assert.deepEqual([final?.outcome, problemOf(final).code], ['rejected', 'BAD_PAYLOAD'])
  })

  test('is not made past the deadline: TIMEOUT', async () => {
    let ran = 0
    const { final, counters } = await run(() => ran++, { deadline: Date.now() - 1 })
    assert.deepEqual([final?.outcome, problemOf(final).code, ran, counters.handled.total], ['timedOut', 'TIMEOUT', 0, 0])
  })

  test('knows its message', async () => {
    const deadline = Date.now() + 60_000
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { final } = await run(
      (_input, { session, msgId, route, principal, key, attempt, deadline, trace }) => ({
        ...{ session, msgId, route, principal, key, attempt, deadline, trace },
      }),
      { number: 2, session: 'a', msgId: 3, key: 'k-1', deadline, traceparent },
    )
    const expected = { session: 'a', msgId: 3, route: 'work', principal: 'someone', key: 'k-1', attempt: 2, deadline, trace: traceparent }
    assert.deepEqual(jsonOf(deliveryOf(final).payload), expected)
  })

  test('that hangs beyond the time of its route wants another, and its late result is dropped', async () => {
    const late = Promise.withResolvers<unknown>()
    let signal: AbortSignal | undefined
    const bench = workbench([
      routeOf(
        (_input, ctx) => {
          signal = ctx.signal
          return late.promise
        },
        { timeout: 1 },
      ),
    ])
    using _ = bench
    const wish = await bench.runner.run(messageOf(), 1, [], undefined, () => {})
    assert.match(wish?.errors[0].error ?? '', /longer than its time-out/)
    assert.equal(signal?.aborted, true)
    late.resolve('too late')
    await until(() => bench.running.late === 1)
    assert.deepEqual(bench.sessions.entries, [])
  })

  test('whose message ended otherwise meanwhile is counted as late', async () => {
    const bench = workbench([routeOf(() => null)])
    using _ = bench
    bench.sessions.markFinished('s', 1)
    bench.runner.run(messageOf(), 1, [], undefined, () => {})
    await until(() => bench.counters.late === 1)
    assert.deepEqual(bench.counters.outcomes, {})
  })
})

describe('an attempt that fails', () => {
  test('wants another after the back-off of its route, and nothing is finished', async () => {
    const { wish, entries } = await run(failing())
    assert.deepEqual([wish?.delayMs, wish?.errors.length, entries.length], [100, 1, 0])
    const [{ worker, error, attempt }] = wish!.errors
    assert.deepEqual([worker, error, attempt], ['wk-1', 'Error: broken', 1])
  })

  test('keeps the errors of the attempts before it', async () => {
    const { wish } = await run(failing(), { number: 2, errors: [pastError(1)] })
    assert.deepEqual(
      wish?.errors.map(each => each.attempt),
      [1, 2],
    )
  })

  test('with RetryAfter wants another when it says', async () => {
    const { wish } = await run(failing(new RetryAfter(12_345)))
    assert.equal(wish?.delayMs, 12_345)
  })

  test('cuts an error text that has no end', async () => {
    const { wish } = await run(failing(new Error('x'.repeat(100_000))))
    assert.equal(wish?.errors[0].error.length, 2_000)
  })

  test('as the last of its route is buried first, then answers DEAD_LETTERED', async () => {
    const { wish, final, retries, counters } = await run(failing(), { number: 3, errors: [pastError(1), pastError(2)], input: { id: 5 } })
    assert.equal(wish, undefined)
    const [letter] = retries.buried
    assert.deepEqual(
      [letter.attempts, letter.reason, letter.errors.map(each => each.attempt), textOf(letter.value)],
      [3, '3 attempts failed', [1, 2, 3], '{"id":5}'],
    )
    assert.deepEqual([final?.outcome, problemOf(final).code, counters.dead], ['deadLettered', 'DEAD_LETTERED', 1])
    assert.equal(problemOf(final).detail, '3 attempts failed: Error: broken')
  })

  test('is not answered before it is buried', async () => {
    const bench = workbench([routeOf(failing(new DeadLetter('no')))])
    using _ = bench
    bench.retries.burying.hold()
    const ended = bench.runner.run(messageOf(), 1, [], undefined, () => {})
    for (let i = 0; i < 10; i++) await turn()
    assert.deepEqual(bench.sessions.entries, [])
    bench.retries.burying.release()
    await ended
    await until(() => bench.sessions.entries.length === 1)
  })

  test('with DeadLetter is buried at once', async () => {
    const { final, retries } = await run(failing(new DeadLetter('unknown tenant')))
    assert.deepEqual([retries.buried[0].reason, retries.buried[0].attempts, final?.outcome], ['unknown tenant', 1, 'deadLettered'])
  })

  test('of a notification is buried without an answer', async () => {
    const { final, retries } = await run(failing(new DeadLetter('no')), { kind: 'notify' })
    assert.deepEqual([retries.buried.length, final?.outcome, final?.frame], [1, 'deadLettered', undefined])
  })

  test('for a route that this worker does not have names service and route', async () => {
    const { wish } = await run(() => null, { route: 'gone' })
    assert.match(wish?.errors[0].error ?? '', /this worker of orders has no route gone/)
  })
})

test('a message that its client cancels ends its handler, once, and is not tried again', async () => {
  using bench = workbench([
    routeOf((_input, ctx) => new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)))),
  ])
  const wish = bench.runner.run(messageOf({ msgId: 4 }), 1, [], undefined, () => {})
  bench.running.cancel('s', 4)
  assert.equal(await wish, undefined)
  await until(() => bench.sessions.entries.length === 1)
  assert.deepEqual([finals(bench.sessions.entries)[0].outcome, problemOf(bench.sessions.entries[0]).code], ['cancelled', 'CANCELLED'])
})

test('a message cancelled before it began does not begin', async () => {
  let ran = 0
  using bench = workbench([routeOf(() => ran++)])
  bench.running.cancel('s', 4)
  assert.equal(await bench.runner.run(messageOf({ msgId: 4 }), 1, [], undefined, () => {}), undefined)
  await until(() => bench.sessions.entries.length === 1)
  assert.deepEqual([ran, finals(bench.sessions.entries)[0].outcome], [0, 'cancelled'])
})

describe('a push', () => {
  test('to the own session goes before the answer, in order', async () => {
    const { entries, final } = await run(async (_input, ctx) => {
      await ctx.push(ctx.session, { n: 1 })
      await ctx.push(ctx.session, Uint8Array.of(2))
      return 'answer'
    })
    assert.deepEqual([entries.length, final?.incarnation, final?.msgId], [1, 'inc-1', 1])
    const [first, second] = final!.effects!.pushes.map(frame => decodeFrame(frame))
    assert.deepEqual([first.type, jsonOf(first.payload), [...second.payload]], [FrameType.PUSH, { n: 1 }, [2]])
  })

  test('to the own session has no effect where the handler fails', async () => {
    const { entries } = await run(async (_input, ctx) => {
      await ctx.push(ctx.session, 'never seen')
      throw new Error('broken')
    })
    assert.deepEqual(entries, [])
  })

  test('to another session has happened when its promise resolves', async () => {
    const { entries } = await run(async (_input, ctx) => {
      await ctx.push('other', 'hello')
      return 'answer'
    })
    assert.deepEqual(
      entries.map(entry => [entry.kind, entry.session, entry.incarnation]),
      [
        ['push', 'other', ''],
        ['final', 's', 'inc-1'],
      ],
    )
  })

  test('to a channel has happened when its promise resolves; what can be no channel rejects', async () => {
    using bench = workbench([
      routeOf(async (_input, ctx) => {
        await ctx.push({ channel: 'news' }, { n: 1 })
        await ctx.push({ channel: '' }, 'nowhere')
      }),
    ])
    const wish = await bench.runner.run(messageOf(), 1, [], undefined, () => {})
    assert.deepEqual(bench.published, [['news', '{"n":1}', Codec.JSON]])
    assert.match(wish?.errors[0].error ?? '', /push: channel has 0 bytes: expected 1 to 255/)
  })

  test('to a session that is gone rejects and names it', async () => {
    const bench = workbench([routeOf((_input, ctx) => ctx.push('nobody', 'hello'))])
    using _ = bench
    bench.sessions.gone.add('nobody')
    const wish = await bench.runner.run(messageOf(), 1, [], undefined, () => {})
    assert.match(wish?.errors[0].error ?? '', /push: session nobody is not known/)
  })
})

test('a push to what can be no session rejects and names it', async () => {
  const { wish, entries } = await run((_input, ctx) => ctx.push('no session', 'hello'))
  assert.match(wish?.errors[0].error ?? '', /push: session "no session": expected 1 to 64/)
  assert.deepEqual(entries, [])
})

describe('a stream that stalls', () => {
  /** One value, and then none. */
  async function* stalling(before: Promise<unknown>) {
    await before
    yield 'a'
    await new Promise(() => {})
  }

  test('for longer than the time of its route ends with HANDLER_FAILED', async () => {
    const { final, counters, running } = await run(() => stalling(Promise.resolve()), { options: { timeout: 1 } })
    assert.deepEqual([final?.outcome, problemOf(final).code, running.size, counters.outcomes.failed], ['failed', 'HANDLER_FAILED', 0, 1])
    assert.match(problemOf(final).detail, /the stream was cut: the handler took longer/)
  })

  test('before its first value wants another attempt', async () => {
    const { wish, entries } = await run(() => stalling(new Promise(() => {})), { options: { timeout: 1 } })
    assert.match(wish?.errors[0].error ?? '', /longer than its time-out/)
    assert.deepEqual(entries, [])
  })

  test('is ended when the worker stops', async () => {
    const bench = workbench([routeOf(() => stalling(Promise.resolve()))])
    void bench.runner.run(messageOf(), 1, [], undefined, () => {})
    await until(() => bench.sessions.entries.length === 1)
    bench.running.close()
    await bench.runner.streamsEnded()
    assert.equal(problemOf(finals(bench.sessions.entries).at(-1)).code, 'HANDLER_FAILED')
  })
})
