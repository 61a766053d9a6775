import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { turn, until } from '@causeway/testing'
import { HeldHandlers, pickyHandler, routeOf } from './handlers.fixture.ts'
import { finals, type RecordChanges, recordOf } from './messages.fixture.ts'
import { message } from './route.ts'
import { assignedWorkbench, type Workbench } from './workbench.fixture.ts'

const records = (offset: number, ...changes: RecordChanges[]) => changes.map((each, index) => recordOf({ offset: offset + index, ...each }))
const sessions = (...names: string[]): RecordChanges[] => names.map(session => ({ session }))
const finished = ({ sessions: store }: Workbench): string[] => finals(store.entries).map(({ session, msgId }) => `${session}${msgId}`)
const allComplete = ({ dispatcher }: Workbench) => until(() => dispatcher.outstanding === 0)

async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

describe('a route with places', () => {
  test('has so many messages in its handler, and the next when one is through', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, { concurrency: 2 })])
    bench.dispatcher.records(0, records(0, ...sessions('a', 'b', 'c', 'd')))
    await quiet()
    assert.deepEqual(held.running, ['a1', 'b1'])
    held.return('b1')
    await until(() => held.started.includes('c1'))
    assert.deepEqual(held.running, ['a1', 'c1'])
    for (const name of ['a1', 'c1']) held.return(name)
    await until(() => held.started.includes('d1'))
    held.return('d1')
    await allComplete(bench)
    assert.deepEqual(finished(bench).sort(), ['a1', 'b1', 'c1', 'd1'])
    assert.deepEqual(bench.retries.scheduled, [])
  })

  test('leaves the places of its worker to other routes', async () => {
    const held = new HeldHandlers()
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(held.handler, { concurrency: 1 }), message('other').handle(handler)], 2)
    bench.dispatcher.records(0, records(0, ...sessions('a', 'b', 'c'), ...['d', 'e'].map(session => ({ session, route: 'other' }))))
    await until(() => ran.length === 2)
    assert.deepEqual(held.running, ['a1'])
    for (const name of ['a1', 'b1', 'c1']) {
      await until(() => held.started.includes(name))
      held.return(name)
    }
    await allComplete(bench)
  })

  test('keeps each session in order while it waits', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, { concurrency: 1 })])
    bench.dispatcher.records(0, records(0, { session: 'a' }, { session: 'b' }, { session: 'b', msgId: 2 }))
    await quiet()
    bench.dispatcher.records(0, records(3, { session: 'b', msgId: 3 }))
    held.return('a1')
    for (const name of ['b1', 'b2', 'b3']) {
      await until(() => held.started.includes(name))
      assert.deepEqual(held.running, [name])
      held.return(name)
    }
    await allComplete(bench)
  })

  test('goes on behind messages that take no place: their time is over', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, { concurrency: 1 })])
    const late = { deadline: Date.now() + 50 }
    bench.dispatcher.records(0, records(0, { session: 'a' }, { session: 'b', ...late }, { session: 'c', ...late }, { session: 'd' }))
    await quiet()
    await until(() => Date.now() > late.deadline)
    held.return('a1')
    await until(() => held.started.includes('d1'))
    held.return('d1')
    await allComplete(bench)
    assert.deepEqual(held.started, ['a1', 'd1'])
  })

  test('waits no more for what an older assignment had waiting', async () => {
    const held = new HeldHandlers()
    using bench = await assignedWorkbench([routeOf(held.handler, { concurrency: 1 })])
    bench.dispatcher.records(0, records(0, ...sessions('a', 'b')))
    await quiet()
    await bench.dispatcher.revoked()
    await bench.dispatcher.assigned([0])
    bench.dispatcher.records(0, records(1, ...sessions('c')))
    await quiet()
    held.return('a1')
    await until(() => held.started.includes('c1'))
    assert.deepEqual(held.started, ['a1', 'c1'])
    held.return('c1')
  })
})
