import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { laneOf } from '@causeway/protocol'
import { turn, until } from '@causeway/testing'
import { HeldHandlers, routeOf } from './handlers.fixture.ts'
import { finals, type RecordChanges, recordOf } from './messages.fixture.ts'
import { message, type Route } from './route.ts'
import { assignedWorkbench, type Workbench, workbench } from './workbench.fixture.ts'

const byKey = { order: { key: (input: unknown) => (input as { key?: string }).key } }
const ofKey = (msgId: number, key: unknown): RecordChanges => ({ session: 'a', msgId, input: { key } })
const records = (offset: number, ...changes: RecordChanges[]) => changes.map((each, index) => recordOf({ offset: offset + index, ...each }))
const allComplete = ({ dispatcher }: Workbench) => until(() => dispatcher.outstanding === 0)

async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

async function benchOf(route: (held: HeldHandlers) => Route) {
  const held = new HeldHandlers()
  return { held, bench: await assignedWorkbench([route(held)]) }
}

describe('messages of a route that is ordered by key', () => {
  test('run one at a time for each key of their session, keys side by side', async () => {
    const { held, bench } = await benchOf(({ handler }) => routeOf(handler, byKey))
    using _ = bench
    bench.dispatcher.records(0, records(0, ofKey(1, 'x'), ofKey(2, 'x'), ofKey(3, 'y'), ofKey(4, 'z'), ofKey(5, 'y')))
    await until(() => held.running.length === 3)
    await quiet()
    assert.deepEqual(held.running, ['a1', 'a3', 'a4'])
    held.return('a3')
    await until(() => held.started.includes('a5'))
    held.return('a1')
    await until(() => held.started.includes('a2'))
    for (const name of ['a2', 'a4', 'a5']) held.return(name)
    await allComplete(bench)
    assert.equal(finals(bench.sessions.entries).length, 5)
  })

  test('run beside those of their session that are ordered by session', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, byKey), routeOf(held.handler, {}, 'plain')])
    bench.dispatcher.records(
      0,
      records(0, { session: 'a', msgId: 1, route: 'plain' }, ofKey(2, 'x'), { session: 'a', msgId: 3, route: 'plain' }),
    )
    await until(() => held.running.length === 2)
    await quiet()
    assert.deepEqual(held.running, ['a1', 'a2'])
    for (const name of ['a1', 'a2']) held.return(name)
    await until(() => held.started.includes('a3'))
    held.return('a3')
    await allComplete(bench)
  })

  test('that fail hold back those of their key and no others', async () => {
    const { held, bench } = await benchOf(({ handler }) => routeOf(handler, byKey))
    using _ = bench
    bench.dispatcher.records(0, records(0, ofKey(1, 'x'), ofKey(2, 'y'), ofKey(3, 'x')))
    await until(() => held.running.length === 2)
    held.throw('a1')
    await until(() => bench.retries.parked.length === 1)
    held.return('a2')
    bench.dispatcher.records(0, records(3, ofKey(4, 'y')))
    await until(() => held.started.includes('a4'))
    held.return('a4')
    await allComplete(bench)
    assert.deepEqual(
      bench.retries.scheduled.map(({ message: { msgId, lane }, ordered }) => [msgId, lane, ordered]),
      [[1, laneOf('a', 'x'), true]],
    )
    assert.deepEqual(held.started, ['a1', 'a2', 'a4'])
  })

  test('are offered for parking where a head of their key stood at the assignment', async () => {
    const held = new HeldHandlers()
    using bench = workbench([routeOf(held.handler, byKey)])
    bench.retries.standing.set(laneOf('a', 'x'), 1)
    await bench.dispatcher.assigned([0])
    bench.dispatcher.records(0, records(0, ofKey(2, 'y'), ofKey(3, 'x')))
    await until(() => held.running.length === 1)
    held.return('a2')
    await allComplete(bench)
    assert.deepEqual(
      bench.retries.parked.map(({ msgId, lane }) => [msgId, lane]),
      [[3, laneOf('a', 'x')]],
    )
  })

  test('without a key, or with one that throws, are in order among each other; long and odd keys are digested', async () => {
    const { held, bench } = await benchOf(({ handler }) => message('work', byKey).handle(handler))
    using _ = bench
    const long = 'ü'.repeat(5_000)
    bench.dispatcher.records(0, records(0, ofKey(1, undefined), { session: 'a', msgId: 2, input: null }, ofKey(3, long), ofKey(4, long)))
    await until(() => held.running.length === 2)
    await quiet()
    assert.deepEqual(held.running, ['a1', 'a3'])
    for (const name of ['a1', 'a3']) held.return(name)
    await until(() => held.running.length === 2)
    for (const name of ['a2', 'a4']) held.return(name)
    await allComplete(bench)
  })

  test('leave nothing behind of keys at rest', async () => {
    const { held, bench } = await benchOf(({ handler }) => routeOf(handler, byKey))
    using _ = bench
    const many = 100
    bench.dispatcher.records(0, records(0, ...Array.from({ length: many }, (_each, n) => ofKey(n + 1, `key-${n}`))))
    const returning = setInterval(() => {
      for (const name of held.running) held.return(name)
    }, 1)
    await allComplete(bench)
    clearInterval(returning)
    for (let tick = 0; tick < 3; tick++) bench.dispatcher.forgetUnused()
    assert.equal(bench.dispatcher.sessions, 0)
  })
})

test('an order that is none is refused with what is expected', () => {
  assert.throws(
    () => message('m', { order: 'keys' as 'none' }),
    /route m: order is "keys": expected 'session', 'none' or { key: input => … }/,
  )
})
