import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { turn, until } from '@causeway/testing'
import { HeldHandlers, pickyHandler, routeOf } from './handlers.fixture.ts'
import { AHEAD_RECORDS, OUTSTANDING_BYTES, OUTSTANDING_RECORDS } from './limits.ts'
import { finals, recordOf } from './messages.fixture.ts'
import { bytes, message } from './route.ts'
import { assignedWorkbench, type Workbench, workbench } from './workbench.fixture.ts'

const allComplete = ({ dispatcher }: Workbench) => until(() => dispatcher.outstanding === 0)
const from = (session: string, ...numbers: number[]) => numbers.map(msgId => recordOf({ session, msgId, offset: msgId - 1 }))

async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

describe('an assignment that ends', () => {
  test('begins nothing more, waits for what runs, and commits it', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)])
    bench.dispatcher.records(0, from('a', 1, 2))
    await until(() => held.running.length === 1)
    let revoked = false
    const revoking = bench.dispatcher.revoked().then(() => {
      revoked = true
    })
    await quiet()
    assert.equal(revoked, false)
    held.return('a1')
    await revoking
    await quiet()
    assert.deepEqual([held.started, bench.consumer.commits], [['a1'], [[0, 1]]])
  })

  test('waits for a finish in the air as well', async () => {
    const { handler } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.sessions.finishing.hold()
    bench.dispatcher.records(0, from('a', 1))
    await until(() => bench.sessions.calls.length === 1)
    const revoking = bench.dispatcher.revoked()
    await quiet()
    assert.deepEqual(bench.consumer.commits, [])
    bench.sessions.finishing.release()
    await revoking
    assert.deepEqual(bench.consumer.commits, [[0, 1]])
  })

  test('does not wait beyond its time for a handler that hangs', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)])
    bench.dispatcher.records(0, [...from('b', 1), ...from('a', 2)])
    await until(() => held.running.length === 2)
    held.return('b1')
    await bench.dispatcher.stop(10)
    assert.deepEqual([held.running, bench.consumer.commits], [['a2'], [[0, 1]]])
  })

  test('commits what is complete at once, and the rest when it is', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)])
    bench.dispatcher.records(0, [...from('b', 1), ...from('a', 2)])
    await until(() => held.running.length === 2)
    held.return('b1')
    await until(() => finals(bench.sessions.entries).length === 1)
    await quiet()
    const revoking = bench.dispatcher.revoked()
    await quiet()
    assert.deepEqual(bench.consumer.commits, [[0, 1]])
    held.return('a2')
    await revoking
    assert.deepEqual(bench.consumer.commits, [
      [0, 1],
      [0, 2],
    ])
  })

  test('because the worker stops is not followed by another: nothing begins, and what runs is waited for', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)])
    bench.dispatcher.records(0, from('a', 1))
    await until(() => held.running.length === 1)
    let stopped = false
    const stopping = bench.dispatcher.stop(60_000).then(() => {
      stopped = true
    })
    await bench.dispatcher.assigned([0, 1])
    bench.dispatcher.records(1, [recordOf({ session: 'b', partition: 1 })])
    await quiet()
    assert.deepEqual([held.started, stopped], [['a1'], false])
    held.return('a1')
    await stopping
    assert.deepEqual(bench.consumer.commits, [[0, 1]])
  })

  test('with nothing outstanding ends at once', async () => {
    using bench = await assignedWorkbench([routeOf(() => null)])
    await bench.dispatcher.revoked()
    assert.deepEqual(bench.consumer.commits, [])
  })
})

describe('a new assignment', () => {
  test("forgets what was known: a session's first record is held against the marks again", async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(0, from('a', 1))
    await allComplete(bench)
    await bench.dispatcher.assigned([0])
    assert.deepEqual([bench.dispatcher.sessions, bench.dispatcher.outstanding], [0, 0])
    bench.dispatcher.records(0, from('a', 1, 2, 3))
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.duplicates], [['a1', 'a2', 'a3'], 1])
    await bench.dispatcher.commit()
    assert.deepEqual(bench.consumer.commits, [[0, 3]])
  })

  test('takes nothing from results of the one before', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler)], 1)
    bench.dispatcher.records(0, from('a', 1, 2))
    await until(() => held.running.length === 1)
    await bench.dispatcher.assigned([0, 1])
    held.return('a1')
    await until(() => finals(bench.sessions.entries).length === 1)
    await quiet()
    await bench.dispatcher.commit()
    assert.deepEqual([bench.consumer.commits, held.started], [[], ['a1']])
    bench.dispatcher.records(1, [recordOf({ session: 'b', partition: 1, offset: 40 })])
    await until(() => held.running.includes('b1'))
    held.return('b1')
    await allComplete(bench)
    await bench.dispatcher.commit()
    assert.deepEqual(bench.consumer.commits, [[1, 41]])
  })

  test('reads the heads before it resolves', async () => {
    using bench = workbench([routeOf(() => null)])
    bench.retries.readingHeads.hold()
    let assigned = false
    const assigning = bench.dispatcher.assigned([0]).then(() => {
      assigned = true
    })
    await quiet()
    assert.equal(assigned, false)
    bench.retries.readingHeads.release()
    await assigning
  })

  test('leaves records of partitions that are not in it alone', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.dispatcher.records(3, [recordOf({ partition: 3 })])
    await quiet()
    assert.deepEqual([ran, bench.dispatcher.outstanding], [[], 0])
  })
})

describe('a partition', () => {
  test(`is paused beyond ${OUTSTANDING_RECORDS} outstanding records, and resumed below the half`, async () => {
    const { handler } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)], 1)
    bench.sessions.finishing.hold()
    const numbers = Array.from({ length: OUTSTANDING_RECORDS }, (_, index) => index + 1)
    bench.dispatcher.records(0, from('a', ...numbers))
    assert.deepEqual(bench.consumer.flow, [])
    bench.dispatcher.records(0, from('a', OUTSTANDING_RECORDS + 1))
    bench.dispatcher.records(0, from('a', OUTSTANDING_RECORDS + 2))
    assert.deepEqual(bench.consumer.flow, ['pause 0'])
    bench.dispatcher.relieve()
    assert.deepEqual(bench.consumer.flow, ['pause 0'])
    bench.sessions.finishing.release()
    await allComplete(bench)
    bench.dispatcher.relieve()
    bench.dispatcher.relieve()
    assert.deepEqual(bench.consumer.flow, ['pause 0', 'resume 0'])
  })

  test(`is not paused by one slow handler before ${AHEAD_RECORDS} records behind it are complete`, async () => {
    const held = new HeldHandlers()
    const { handler } = pickyHandler()
    const slow = message('slow', { input: bytes }).handle(held.handler)
    using bench = await assignedWorkbench([slow, routeOf(handler)])
    bench.dispatcher.records(0, [recordOf({ session: 'slow', route: 'slow' })])
    const ahead = async (first: number, count: number): Promise<void> => {
      bench.dispatcher.records(0, from('a', ...Array.from({ length: count }, (_, index) => first + index)))
      await until(() => bench.dispatcher.unfinished === 1)
    }
    const chunk = OUTSTANDING_RECORDS / 2
    for (let first = 1; first + chunk <= AHEAD_RECORDS; first += chunk) await ahead(first, chunk)
    assert.deepEqual(bench.consumer.flow, [])
    await ahead(AHEAD_RECORDS + 1, chunk)
    assert.deepEqual(bench.consumer.flow, ['pause 0'])
    held.return(held.running[0], null)
    await allComplete(bench)
    bench.dispatcher.relieve()
    assert.deepEqual(bench.consumer.flow, ['pause 0', 'resume 0'])
  })

  test(`is paused beyond ${OUTSTANDING_BYTES >> 20} MiB outstanding in all`, async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([message('work', { input: bytes }).handle(held.handler)])
    await bench.dispatcher.assigned([0, 1])
    const value = new Uint8Array(OUTSTANDING_BYTES / 2)
    bench.dispatcher.records(0, [recordOf({ session: 'a', value })])
    bench.dispatcher.records(1, [recordOf({ session: 'b', partition: 1, value })])
    assert.deepEqual(bench.consumer.flow, [])
    bench.dispatcher.records(1, [recordOf({ session: 'c', partition: 1, offset: 1 })])
    assert.deepEqual(bench.consumer.flow, ['pause 1'])
    await until(() => held.running.length === 3)
    for (const name of held.running) held.return(name, null)
    await allComplete(bench)
    bench.dispatcher.relieve()
    assert.deepEqual(bench.consumer.flow, ['pause 1', 'resume 1'])
  })
})
