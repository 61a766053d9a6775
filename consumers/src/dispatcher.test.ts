import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { turn, until } from '@causeway/testing'
import { HeldHandlers, pickyHandler, routeOf } from './handlers.fixture.ts'
import { finals, type RecordChanges, recordOf } from './messages.fixture.ts'
import { assignedWorkbench, type Workbench } from './workbench.fixture.ts'

/** Records from an offset on, in this order. */
const recordsFrom = (offset: number, ...changes: RecordChanges[]) =>
  changes.map((each, index) => recordOf({ offset: offset + index, ...each }))
const messages = (session: string, ...numbers: number[]): RecordChanges[] => numbers.map(msgId => ({ session, msgId }))
const finished = ({ sessions }: Workbench): string[] => finals(sessions.entries).map(({ session, msgId }) => `${session}${msgId}`)
const allComplete = ({ dispatcher }: Workbench) => until(() => dispatcher.outstanding === 0)

/** Long enough for whatever is going to happen without anything from outside. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

async function committed({ dispatcher, consumer }: Workbench): Promise<[number, number] | undefined> {
  await dispatcher.commit()
  return consumer.commits.at(-1)
}

describe('messages of one session', () => {
  test('run one at a time and in order', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2, 3)))
    for (const name of ['a1', 'a2', 'a3']) {
      await until(() => held.started.includes(name))
      await quiet()
      assert.deepEqual(held.running, [name])
      held.return(name)
    }
    await allComplete(bench)
    assert.deepEqual(finished(bench), ['a1', 'a2', 'a3'])
  })

  test('run without a promise between them where the handler is synchronous', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1)))
    await allComplete(bench)
    bench.dispatcher.records(0, recordsFrom(1, ...messages('a', 2, 3, 4)))
    assert.deepEqual(ran, ['a1', 'a2', 'a3', 'a4'])
    await allComplete(bench)
    assert.deepEqual(bench.sessions.calls, [1, 3])
  })

  test('that fail are scheduled once the answers before them are stored: a retry must not overtake them', async () => {
    const { handler } = pickyHandler(['a3'])
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1)))
    await allComplete(bench)
    bench.sessions.finishing.hold()
    bench.dispatcher.records(0, recordsFrom(1, ...messages('a', 2, 3)))
    await until(() => bench.sessions.calls.length === 2)
    await quiet()
    assert.deepEqual(bench.retries.scheduled, [])
    bench.sessions.finishing.release()
    await until(() => bench.retries.scheduled.length === 1)
    assert.deepEqual(finished(bench), ['a1', 'a2'])
  })

  test('of a route without order run side by side', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, { order: 'none' })])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2, 3)))
    await until(() => held.running.length === 3)
    for (const name of ['a3', 'a1', 'a2']) held.return(name)
    await allComplete(bench)
    assert.deepEqual(finished(bench), ['a3', 'a1', 'a2'])
  })
})

describe('sessions', () => {
  test('run side by side up to the concurrency, the next as soon as there is room', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)], 2)
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2), ...messages('b', 1), ...messages('c', 1)))
    await until(() => held.running.length === 2)
    await quiet()
    assert.deepEqual(held.running, ['a1', 'b1'])
    held.return('b1')
    await until(() => held.running.includes('c1'))
    assert.deepEqual(held.running, ['a1', 'c1'])
    for (const name of ['a1', 'c1', 'a2']) {
      await until(() => held.running.includes(name))
      held.return(name)
    }
    await allComplete(bench)
  })

  test('go on while another one is stuck', async () => {
    const held = new HeldHandlers()
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(held.handler, {}, 'slow'), routeOf(handler)])
    const stuck = { session: 'a', msgId: 1, route: 'slow' }
    bench.dispatcher.records(0, recordsFrom(0, stuck, ...messages('a', 2), ...messages('b', 1, 2, 3)))
    await until(() => ran.length === 3)
    assert.deepEqual(ran, ['b1', 'b2', 'b3'])
    held.return('a1')
    await allComplete(bench)
    assert.deepEqual(ran, ['b1', 'b2', 'b3', 'a2'])
  })
})

describe('a message that fails', () => {
  test("is its session's head: the ones behind it are parked, and go on once the head is gone", async () => {
    const { handler, ran } = pickyHandler(['a1'])
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2, 3)))
    await allComplete(bench)
    assert.deepEqual(ran, ['a1'])
    const [{ message, delayMs, ordered }] = bench.retries.scheduled
    assert.deepEqual([message.msgId, message.attempts, delayMs, ordered], [1, 1, 100, true])
    assert.match(message.errors[0].error, /^Error: broken/)
    assert.deepEqual(
      bench.retries.parked.map(parked => parked.msgId),
      [2, 3],
    )
    assert.deepEqual([bench.counters.retried, bench.counters.parked], [1, 2])

    bench.dispatcher.records(0, recordsFrom(3, ...messages('a', 4)))
    await allComplete(bench)
    assert.equal(bench.retries.parked.length, 3)

    bench.retries.standing.delete('a')
    bench.dispatcher.records(0, recordsFrom(4, ...messages('a', 5, 6)))
    await allComplete(bench)
    assert.deepEqual(ran, ['a1', 'a5', 'a6'])
    const offers = bench.retries.offers.length
    bench.dispatcher.records(0, recordsFrom(6, ...messages('a', 7)))
    await allComplete(bench)
    assert.deepEqual([ran.at(-1), bench.retries.offers.length], ['a7', offers])
  })

  test('holds up its session until it is known as the head', async () => {
    const { handler, ran } = pickyHandler(['a1'])
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.retries.scheduling.hold()
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2), ...messages('b', 1)))
    await until(() => ran.includes('b1'))
    await quiet()
    assert.deepEqual([ran, bench.retries.offers], [['a1', 'b1'], []])
    bench.retries.scheduling.release()
    await allComplete(bench)
    assert.equal(bench.retries.parked.length, 1)
  })

  test("of a route without order stands in nobody's way", async () => {
    const { handler, ran } = pickyHandler(['a1'])
    using bench = await assignedWorkbench([routeOf(handler, { order: 'none' })])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2)))
    await allComplete(bench)
    assert.deepEqual(ran.toSorted(), ['a1', 'a2'])
    assert.deepEqual([bench.retries.scheduled[0].ordered, bench.retries.offers], [false, []])
  })

  test('before this assignment is known by the heads read with it: what comes is offered for parking', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.retries.standing.set('a', 1)
    await bench.dispatcher.assigned([0, 2])
    assert.deepEqual(bench.retries.askedBuckets.slice(-4), [0, 4, 2, 6])
    bench.dispatcher.records(0, recordsFrom(5, ...messages('a', 2, 3), ...messages('b', 1)))
    await allComplete(bench)
    assert.deepEqual([ran, bench.retries.parked.map(parked => parked.msgId)], [['b1'], [2, 3]])
  })

  test('and is read again as the head itself is scheduled again: its job may be missing', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.retries.standing.set('a', 1)
    await bench.dispatcher.assigned([0])
    bench.retries.scheduling.hold()
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1)))
    await until(() => bench.counters.parked === 1)
    await quiet()
    assert.equal(bench.dispatcher.outstanding, 1)
    bench.retries.scheduling.release()
    await allComplete(bench)
    const [{ message, delayMs, ordered }] = bench.retries.scheduled
    assert.deepEqual([message.msgId, message.attempts, delayMs, ordered, ran], [1, 1, 0, true, []])
  })
})

describe('an offset', () => {
  test('is complete when its finish has returned, not before', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.sessions.finishing.hold()
    bench.dispatcher.records(0, recordsFrom(10, ...messages('a', 1)))
    await until(() => bench.sessions.calls.length === 1)
    await quiet()
    assert.deepEqual([ran, await committed(bench)], [['a1'], undefined])
    bench.sessions.finishing.release()
    await allComplete(bench)
    assert.deepEqual(await committed(bench), [0, 11])
  })

  test('is complete when its message is parked, or scheduled again, not before', async () => {
    const { handler } = pickyHandler(['a1'])
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.retries.scheduling.hold()
    bench.retries.parking.hold()
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1, 2)))
    await quiet()
    assert.equal(await committed(bench), undefined)
    bench.retries.scheduling.release()
    await until(() => bench.retries.offers.length === 1)
    await quiet()
    assert.deepEqual(await committed(bench), [0, 1])
    bench.retries.parking.release()
    await allComplete(bench)
    assert.deepEqual(await committed(bench), [0, 2])
  })

  test('is never passed by those of faster sessions', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1), ...messages('b', 1)))
    await until(() => held.running.length === 2)
    held.return('b1')
    await until(() => finished(bench).includes('b1'))
    assert.equal(await committed(bench), undefined)
    held.return('a1')
    await allComplete(bench)
    assert.deepEqual(await committed(bench), [0, 2])
  })

  test('is complete where the store can not finish its message, once the message is a dead letter', async t => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { handler } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.sessions.broken.add('a')
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1), ...messages('b', 1)))
    await until(() => {
      mock.timers.runAll()
      return bench.dispatcher.outstanding === 0
    })
    assert.deepEqual(await committed(bench), [0, 2])
    assert.deepEqual(
      new Set(bench.sessions.entries.filter(each => each.session === 'a').map(each => each.kind === 'final' && each.outcome)),
      new Set(['answered', 'deadLettered']),
    )
    assert.deepEqual(
      bench.retries.buried.map(letter => letter.session),
      ['a'],
    )
  })

  test('is committed by the next commit where one failed', async () => {
    const { handler } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1)))
    await allComplete(bench)
    bench.consumer.failures = 1
    await assert.rejects(bench.dispatcher.commit(), /the group has no coordinator/)
    assert.deepEqual(await committed(bench), [0, 1])
  })

  test('is complete where the session has ended; the result is counted as expired', async () => {
    const { handler } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.sessions.gone.add('a')
    bench.dispatcher.records(0, recordsFrom(0, ...messages('a', 1)))
    await allComplete(bench)
    assert.equal(bench.counters.expired, 1)
  })

  test('of a record that is none of ours goes to where operators look, and holds up nothing', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(0, [{ ...recordOf({ offset: 3 }), header: '' }, recordOf({ offset: 4, session: 'b' })])
    await allComplete(bench)
    assert.deepEqual([bench.unreadable, bench.counters.unreadable, ran], [[3], 1, ['b1']])
    assert.deepEqual(await committed(bench), [0, 5])
  })
})
