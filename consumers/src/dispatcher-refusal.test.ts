import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { until } from '@causeway/testing'
import { pickyHandler, routeOf } from './handlers.fixture.ts'
import { finals, recordOf } from './messages.fixture.ts'
import { assignedWorkbench, type Workbench, workbench } from './workbench.fixture.ts'

const from = (session: string, ...numbers: number[]) => numbers.map(msgId => recordOf({ session, msgId, offset: msgId - 1 }))
const refusal = Object.assign(new Error('WRONGTYPE Operation against a key holding the wrong kind of value'), { name: 'ReplyError' })

/** Ends all waits as they come until every record is complete. */
const allComplete = ({ dispatcher }: Workbench) =>
  until(() => {
    mock.timers.runAll()
    return dispatcher.outstanding === 0
  })

describe('a store that refuses a call for ever', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('to keep a message for its next attempt makes a dead letter of it, and its lane goes on', async () => {
    const { handler, ran } = pickyHandler(['a1'])
    using bench = await assignedWorkbench([routeOf(handler, { order: 'none' })])
    bench.retries.refusal = refusal
    bench.dispatcher.records(0, from('a', 1, 2))
    await allComplete(bench)
    assert.deepEqual([ran.toSorted(), bench.retries.buried.map(letter => letter.msgId)], [['a1', 'a2'], [1]])
    assert.match(bench.retries.buried[0].reason, /the retry store could not take it: WRONGTYPE/)
    assert.equal(bench.counters.refusedCalls, 1)
  })

  test('to park makes dead letters of what it was offered', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.retries.standing.set('a', 1)
    await bench.dispatcher.assigned([0])
    bench.retries.refusal = refusal
    bench.dispatcher.records(0, from('a', 2, 3))
    await allComplete(bench)
    assert.deepEqual([ran, bench.retries.buried.map(letter => letter.msgId)], [[], [2, 3]])
    assert.deepEqual(
      finals(bench.sessions.entries).map(entry => entry.outcome),
      ['deadLettered', 'deadLettered'],
    )
  })

  test('to tell marks lets the messages be handled', async () => {
    const { handler, ran } = pickyHandler()
    using bench = await assignedWorkbench([routeOf(handler)])
    bench.sessions.marksRefusal = refusal
    bench.dispatcher.records(0, from('a', 1, 2))
    await allComplete(bench)
    assert.deepEqual([ran, bench.counters.refusedCalls], [['a1', 'a2'], 1])
  })

  test('to tell heads has every session offered for parking once', async () => {
    const { handler, ran } = pickyHandler()
    using bench = workbench([routeOf(handler)])
    bench.retries.standing.set('a', 1)
    bench.retries.refusal = refusal
    let assigned = false
    void bench.dispatcher.assigned([0]).then(() => {
      assigned = true
    })
    await until(() => {
      mock.timers.runAll()
      return assigned
    })
    bench.retries.refusal = undefined
    bench.dispatcher.records(0, [...from('a', 2), ...from('b', 3)])
    await allComplete(bench)
    assert.deepEqual([ran, bench.retries.parked.map(parked => parked.msgId)], [['b3'], [2]])
  })
})
