import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { turn, until } from '@causeway/testing'
import { HeldHandlers, pickyHandler, routeOf } from './handlers.fixture.ts'
import { RECLAIM_MS } from './limits.ts'
import { finals, type RecordChanges, recordOf } from './messages.fixture.ts'
import { assignedWorkbench, type Workbench } from './workbench.fixture.ts'

let offset = 0
const feed = ({ dispatcher }: Workbench, ...changes: RecordChanges[]) =>
  dispatcher.records(
    0,
    changes.map(each => recordOf({ session: 'a', offset: offset++, ...each })),
  )
const allComplete = ({ dispatcher }: Workbench) => until(() => dispatcher.outstanding === 0)
const asked = ({ sessions }: Workbench): number[] => sessions.askedMarks.map(query => query.msgId)

/** A workbench that has handled message 1 of session a. */
async function afterFirst() {
  const picky = pickyHandler()
  const bench = await assignedWorkbench([routeOf(picky.handler)])
  feed(bench, { msgId: 1 })
  await allComplete(bench)
  return { bench, ran: picky.ran }
}

describe("the reader's fence", () => {
  test("asks the stored marks about a session's first message since the assignment, and about none that follows in order", async () => {
    const { bench, ran } = await afterFirst()
    using _ = bench
    feed(bench, { msgId: 2 }, { msgId: 5 })
    await allComplete(bench)
    assert.deepEqual([asked(bench), ran], [[1], ['a1', 'a2', 'a5']])
  })

  test('drops what was finished before the assignment', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.sessions.markFinished('a', 1)
    feed(bench, { msgId: 1 }, { msgId: 2 })
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.duplicates], [['a2'], 1])
  })

  test('goes on asking until the marks call one message fresh, so that a take-over handles nothing again', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    for (const msgId of [1, 2]) bench.sessions.markFinished('a', msgId)
    for (const msgId of [1, 2, 3, 4]) {
      feed(bench, { msgId })
      await allComplete(bench)
    }
    assert.deepEqual([asked(bench), ran, bench.counters.duplicates], [[1, 2, 3], ['a3', 'a4'], 2])
  })

  test('drops records of an epoch below the highest seen: their client sends them again', async () => {
    const { bench, ran } = await afterFirst()
    using _ = bench
    feed(bench, { msgId: 2, epoch: 3 }, { msgId: 3, epoch: 2 }, { msgId: 3, epoch: 3 })
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.fenced], [['a1', 'a2', 'a3'], 1])
  })

  test('takes an older epoch of another incarnation: that session began anew', async () => {
    const { bench, ran } = await afterFirst()
    using _ = bench
    feed(bench, { msgId: 2, epoch: 7 }, { msgId: 1, epoch: 1, incarnation: 'inc-2' })
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.fenced], [['a1', 'a2', 'a1'], 0])
  })

  for (const [what, repeat] of [
    ['a message not above the last', { msgId: 1 }],
    ['a message marked resent', { msgId: 2, resent: true }],
  ] as const) {
    test(`asks about ${what}, drops it where it is finished and runs it where it is not`, async () => {
      const { bench, ran } = await afterFirst()
      using _ = bench
      bench.sessions.askedMarks.length = 0
      bench.sessions.markFinished('a', repeat.msgId)
      feed(bench, repeat)
      await allComplete(bench)
      assert.deepEqual([asked(bench), ran, bench.counters.duplicates], [[repeat.msgId], ['a1'], 1])
      feed(bench, { msgId: 9, resent: true })
      await allComplete(bench)
      assert.deepEqual([ran, bench.counters.duplicates], [['a1', 'a9'], 1])
    })
  }

  test('asks only once what is in the air has returned, so that the answer holds', async () => {
    const { bench, ran } = await afterFirst()
    using _ = bench
    bench.sessions.finishing.hold()
    feed(bench, { msgId: 2 })
    await until(() => bench.sessions.calls.length === 2)
    feed(bench, { msgId: 2, resent: true })
    assert.deepEqual(asked(bench), [1])
    bench.sessions.finishing.release()
    await allComplete(bench)
    assert.deepEqual([asked(bench), ran, bench.counters.duplicates], [[1, 2], ['a1', 'a2'], 1])
  })

  test('handles a message once whose repeat came in the same batch, before it or behind it was asked about', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    feed(bench, { msgId: 1 }, { msgId: 1, resent: true }, { msgId: 2 }, { msgId: 2, resent: true }, { msgId: 3 })
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.duplicates], [['a1', 'a2', 'a3'], 2])
  })

  test('does not take a message for the repeat of one with its number in another incarnation', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    feed(bench, { msgId: 1, incarnation: 'inc-1' }, { msgId: 1, incarnation: 'inc-2' })
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.duplicates], [['a1', 'a1'], 0])
    assert.deepEqual(
      finals(bench.sessions.entries).map(entry => entry.incarnation),
      ['inc-1', 'inc-2'],
    )
  })

  test('holds for routes without order too', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, { order: 'none' })])
    bench.sessions.markFinished('a', 1)
    feed(bench, { msgId: 1 }, { msgId: 2 })
    await until(() => held.running.includes('a2'))
    held.return('a2')
    await allComplete(bench)
    assert.deepEqual([held.started, bench.counters.duplicates], [['a2'], 1])
  })

  describe('told that another worker holds the partition', () => {
    beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
    afterEach(() => mock.timers.reset())

    /** A bench in which message a1 has failed and its retry was refused. */
    async function disowned() {
      const { handler, ran } = pickyHandler(['a1'])
      const bench = await assignedWorkbench([routeOf(handler)])
      bench.retries.lost = true
      feed(bench, { msgId: 1 }, { msgId: 2 }, { session: 'b', msgId: 1 })
      for (let turns = 0; bench.counters.left === 0 && turns < 100; turns++) await turn()
      assert.equal(bench.counters.left, 1)
      return { bench, ran }
    }
    const quiet = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await turn()
    }

    test('begins nothing more, and leaves the message to that one where its group goes on', async () => {
      const { bench, ran } = await disowned()
      using _ = bench
      feed(bench, { session: 'c', msgId: 1 })
      await quiet()
      assert.deepEqual([bench.retries.scheduled, ran.includes('a2'), ran.includes('c1')], [[], false, false])
      bench.retries.lost = false
      await bench.dispatcher.assigned([0])
      mock.timers.tick(RECLAIM_MS)
      await quiet()
      assert.deepEqual(bench.retries.scheduled, [])
      feed(bench, { session: 'c', msgId: 2 })
      await quiet()
      assert.ok(ran.includes('c2'))
    })

    test('puts the holder right where its assignment stands, and goes on', async () => {
      const { bench, ran } = await disowned()
      using _ = bench
      bench.holders.by.set(0, 'wk-before')
      bench.retries.lost = false
      mock.timers.tick(RECLAIM_MS)
      await quiet()
      assert.deepEqual([bench.holders.by.get(0), bench.retries.scheduled.length], ['wk-1', 1])
      feed(bench, { session: 'c', msgId: 1 })
      await quiet()
      assert.ok(ran.includes('c1'))
    })
  })
})
