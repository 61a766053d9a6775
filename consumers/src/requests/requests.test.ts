import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeFrame, Flag, FrameType } from '@causeway/protocol'
import { until } from '@causeway/testing'
import { REQUESTS_IN_FLIGHT } from '../limits.ts'
import { Cancelled, WorkerStops } from '../signal-reasons.ts'
import { RequestError } from './request-error.ts'
import { errorOf, RequestBench, responseOf } from './requests.fixture.ts'

/** The code that a request fails with. */
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    value => `an answer: ${JSON.stringify(value)}`,
    (error: unknown) => (error instanceof RequestError ? `${error.code} ${error.retryable}` : String(error)),
  )

describe('a request of a handler', () => {
  test('is a record of a session of its own, with what its caller has: deadline, principal, trace, emits that led to it, a derived key', async () => {
    const bench = new RequestBench()
    const now = bench.clock.now()
    const asked = bench.context(now + 3_000).request('stock.take', { n: 1 })
    const [{ header, value, topic, key, traceparent }] = await bench.sent()
    assert.deepEqual([topic, key, traceparent], ['causeway.stock.requests', bench.sessions[0], '00-aa-bb-01'])
    assert.equal(Buffer.from(value).toString(), '{"n":1}')
    const { msgId, route, kind, gateway, principal, deadline, hops } = header
    assert.deepEqual([msgId, route, kind, gateway, principal, deadline, hops], [1, 'stock.take', 'request', 'wk-1', 'ann', now + 3_000, 3])
    assert.equal(header.key, 'orders/caller/7/r1')
    bench.store.answer(key, responseOf({ ok: true }))
    assert.deepEqual(await asked, { ok: true })
    assert.deepEqual(bench.store.ended, [key])
  })

  test("has its own time-out, or the route's; each call of a handling its own number", async () => {
    const bench = new RequestBench()
    const now = bench.clock.now()
    const ctx = bench.context()
    void ctx.request('stock.take').catch(() => undefined)
    void ctx.request('stock.take', null, { timeout: '2s' }).catch(() => undefined)
    const headers = (await bench.sent(2)).map(({ header }) => [header.key, header.deadline - now])
    assert.deepEqual(headers, [
      ['orders/caller/7/r1', 5_000],
      ['orders/caller/7/r2', 2_000],
    ])
    bench.requests.stop()
  })

  test('many of one turn open their sessions in one call', async () => {
    const bench = new RequestBench()
    const asked = Promise.all(Array.from({ length: 100 }, () => bench.context().request('stock.take')))
    await bench.sent(100)
    assert.equal(bench.store.opened.length, 1)
    for (const session of bench.sessions) bench.store.answer(session, responseOf(session))
    assert.deepEqual(await asked, bench.sessions)
  })

  test('those that are answered make room for others', async () => {
    const bench = new RequestBench()
    for (let sent = 1_500; sent <= REQUESTS_IN_FLIGHT * 2; sent += 1_500) {
      const asked = Promise.all(Array.from({ length: 1_500 }, () => bench.context().request('stock.take')))
      await bench.sent(sent)
      for (const session of bench.sessions.slice(-1_500)) bench.store.answer(session, responseOf('ok'))
      await asked
    }
  })

  test('one that nobody waits for any more fails for itself', async () => {
    const bench = new RequestBench()
    const ctx = bench.context()
    void ctx.request('stock.take')
    await bench.sent()
    ctx.abort(new Cancelled())
    // an unhandled rejection would end the process by now
    await until(() => bench.store.ended.length > 0, { what: 'its end' })
  })

  test('an answer whose wake-up was lost is read from the outbox', async () => {
    const bench = new RequestBench()
    const asked = bench.context().request('stock.take')
    await bench.sent()
    bench.store.answer(bench.sessions[0], responseOf('late'), false)
    bench.store.handlers!.lost()
    assert.equal(await asked, 'late')
  })

  test('an ERROR rejects with its code and detail', async () => {
    const bench = new RequestBench()
    const asked = bench.context().request('stock.take')
    await bench.sent()
    bench.store.answer(bench.sessions[0], errorOf('REJECTED', 'sold out'))
    await assert.rejects(asked, { name: 'RequestError', code: 'REJECTED', detail: 'sold out', route: 'stock.take', retryable: false })
  })

  test('a time-out of a fraction is a whole one in its record, which could not be read otherwise', async () => {
    const bench = new RequestBench()
    void bench.context().request('stock.take', null, { timeout: 100.4 })
    const [{ header }] = await bench.sent()
    assert.ok(Number.isInteger(header.deadline), `${header.deadline}`)
  })

  test('a deadline that passes ends it in the store, as TIMEOUT', async () => {
    const bench = new RequestBench()
    const asked = codeOf(bench.context().request('stock.take', null, { timeout: 100 }))
    await bench.sent()
    bench.clock.advance(100)
    assert.equal(await asked, 'TIMEOUT false')
    assert.deepEqual(
      bench.store.finals.map(entry => entry.kind === 'final' && entry.outcome),
      ['timedOut'],
    )
    assert.deepEqual(bench.store.ended, bench.sessions)
  })

  test('an answer that the store had before its TIMEOUT is the answer', async () => {
    const bench = new RequestBench()
    const asked = bench.context().request('stock.take', null, { timeout: 100 })
    await bench.sent()
    bench.store.answer(bench.sessions[0], responseOf('just in time'), false)
    bench.clock.advance(100)
    assert.equal(await asked, 'just in time')
  })

  test('a session that the store opens too late is sent nothing, and ended', async () => {
    const bench = new RequestBench()
    const { promise, resolve } = Promise.withResolvers<void>()
    bench.store.opening = promise
    const asked = codeOf(bench.context().request('stock.take', null, { timeout: 100 }))
    await until(() => bench.store.opened.length > 0)
    bench.clock.advance(100)
    assert.equal(await asked, 'TIMEOUT false')
    resolve()
    await until(() => bench.store.ended.length > 0, { what: 'its end' })
    assert.deepEqual([bench.log.appended, bench.store.finals], [[], []])
  })

  test('whoever is cancelled cancels whom it asks', async () => {
    const bench = new RequestBench()
    const ctx = bench.context()
    const asked = ctx.request('stock.take')
    await bench.sent()
    ctx.abort(new Cancelled())
    await assert.rejects(asked, Cancelled)
    assert.deepEqual(bench.cancelled, [`$cancel/stock {"session":"${bench.sessions[0]}","msgId":1}`])
    await until(() => bench.store.ended.length > 0, { what: 'its end' })
    assert.equal(bench.store.finals.length, 1)
  })

  test('a route that nobody has, or nobody has had for the grace, is no route at once', async () => {
    const bench = new RequestBench()
    assert.equal(await codeOf(bench.context().request('stock.steal')), 'NO_ROUTE true')
    bench.lose(60_001)
    assert.equal(await codeOf(bench.context().request('stock.take')), 'NO_ROUTE true')
    assert.deepEqual(bench.store.opened, [])
    bench.lose(59_000)
    void codeOf(bench.context().request('stock.take'))
    await bench.sent()
    bench.requests.stop()
  })

  test('what is too large, or too much, is refused with nothing sent', async () => {
    const bench = new RequestBench()
    assert.equal(await codeOf(bench.context().request('stock.take', 'x'.repeat(999))), 'TOO_LARGE false')
    const many = Array.from({ length: REQUESTS_IN_FLIGHT + 1 }, () => codeOf(bench.context().request('stock.take')))
    assert.equal(await Promise.race(many), 'OVERLOADED true')
    await bench.sent(REQUESTS_IN_FLIGHT)
    assert.equal(bench.sessions.length, REQUESTS_IN_FLIGHT)
    bench.requests.stop()
  })

  test('a topic with other partitions is told; once it is mended, requests go through', async () => {
    const bench = new RequestBench()
    bench.topicFault = new Error('8 partitions, expected 4')
    assert.equal(await codeOf(bench.context().request('stock.take')), 'BACKEND_UNAVAILABLE true')
    bench.topicFault = undefined
    void codeOf(bench.context().request('stock.take'))
    await bench.sent()
    bench.requests.stop()
  })

  test('one that the store has lost ends as TIMEOUT: what became of it is not known', async () => {
    const bench = new RequestBench()
    const asked = codeOf(bench.context().request('stock.take'))
    await bench.sent()
    bench.store.renewStatus = 'lost'
    bench.store.handlers!.storeChanged()
    bench.clock.advance(100)
    assert.equal(await asked, 'TIMEOUT false')
  })

  test('the store is told that it is accepted, once', async () => {
    const bench = new RequestBench()
    void codeOf(bench.context().request('stock.take'))
    await bench.sent()
    bench.clock.advance(100)
    bench.clock.advance(100)
    assert.deepEqual(
      bench.store.renewed.map(({ storedMark, storedCount }) => [storedMark, storedCount]),
      [[1, 1]],
    )
    bench.requests.stop()
  })

  test('a stream is told from an answer', async () => {
    const bench = new RequestBench()
    const asked = bench.context().request('stock.take')
    await bench.sent()
    bench.store.answer(bench.sessions[0], encodeFrame({ type: FrameType.RESPONSE, flags: Flag.MORE, codec: 1, msgId: 1, payload: '1' }))
    await assert.rejects(asked, /answers with a stream/)
  })

  test('a worker that stops lets none wait, and takes none', async () => {
    const bench = new RequestBench()
    const asked = bench.context().request('stock.take')
    await bench.sent()
    bench.requests.stop()
    await assert.rejects(asked, WorkerStops)
    await assert.rejects(bench.context().request('stock.take'), WorkerStops)
    await until(() => bench.store.ended.length > 0, { what: 'its end' })
  })
})
