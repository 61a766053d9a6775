import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { silentLogger } from '@causeway/telemetry'
import { turn, until } from '@causeway/testing'
import { FinishBatcher } from './finish-batcher.ts'
import type { FinishEntry, FinishFinal, FinishResult, Sessions } from './sessions.ts'

const finish = (session: string, msgId: number): FinishFinal => ({
  ...{ kind: 'final', session, bucket: 0, incarnation: 'inc-1', outcome: 'answered', msgId, prev: msgId - 1, frame: undefined },
})
const nameOf = (entry: FinishEntry): string => `${entry.session}${(entry as FinishFinal).msgId}`

/** An error reply of Redis, as its client makes it. */
function replyError(text: string): Error {
  const error = new Error(text)
  error.name = 'ReplyError'
  return error
}

/** A batcher on a store that keeps its calls and answers as told; `done` where nothing else is said. */
function batcher(answer: (names: string[], call: number) => (FinishResult['status'] | undefined)[] | Error = () => []) {
  const calls: string[][] = []
  const told: string[] = []
  const store = {
    async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
      const names = entries.map(nameOf)
      calls.push(names)
      const given = answer(names, calls.length)
      if (given instanceof Error) throw given
      return entries.map((_, index) => ({ status: given[index] ?? 'done' }))
    },
  } as unknown as Sessions
  const finisher = new FinishBatcher(store, silentLogger)
  const add = (session: string, ...msgIds: number[]): void => {
    for (const msgId of msgIds) finisher.add(finish(session, msgId), ({ status }) => told.push(`${session}${msgId} ${status}`))
  }
  return { finisher, calls, told, add }
}

/** Ends all waits as they come until the condition holds. */
async function waiting(condition: () => boolean): Promise<void> {
  await until(() => {
    mock.timers.runAll()
    return condition()
  })
}

describe('finishes', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('of one turn go in one call, those of the next behind it', async () => {
    const { finisher, calls, told, add } = batcher()
    add('a', 1, 2)
    add('b', 1)
    await finisher.idle()
    add('a', 3)
    await finisher.idle()
    assert.deepEqual(calls, [['a1', 'a2', 'b1'], ['a3']])
    assert.deepEqual(told, ['a1 done', 'a2 done', 'b1 done', 'a3 done'])
  })

  test('are sent again for as long as the store is away', async () => {
    const { calls, told, add } = batcher((_, call) => (call <= 30 ? new Error('Connection is closed.') : []))
    add('a', 1, 2)
    await waiting(() => told.length === 2)
    assert.deepEqual([calls.length, told], [31, ['a1 done', 'a2 done']])
  })

  test('are sent again for as long as Redis says that its state does not allow them', async () => {
    const { told, add } = batcher((_, call) => (call <= 30 ? replyError('READONLY You can not write against a read only replica.') : []))
    add('a', 1, 2)
    await waiting(() => told.length === 2)
    assert.deepEqual(told, ['a1 done', 'a2 done'])
  })

  test('that the store could not do are tried again after a wait', async () => {
    const { finisher, calls, told, add } = batcher((_, call) => (call === 1 ? ['failed'] : []))
    add('a', 1)
    add('b', 1)
    await until(() => told.length === 1)
    assert.deepEqual([told, finisher.waiting], [['b1 done'], 1])
    mock.timers.tick(49)
    for (let i = 0; i < 5; i++) await turn()
    assert.equal(calls.length, 1)
    mock.timers.tick(1)
    await finisher.idle()
    assert.deepEqual(
      [calls, told],
      [
        [['a1', 'b1'], ['a1']],
        ['b1 done', 'a1 done'],
      ],
    )
  })

  test('of a session wait behind the one that is tried again, those of others do not', async () => {
    const { finisher, calls, told, add } = batcher((_, call) => {
      if (call > 1) return []
      // gathered while the call that fails is in the air
      add('a', 2)
      return ['failed']
    })
    add('a', 1)
    await until(() => finisher.waiting === 2)
    add('a', 3)
    add('b', 1)
    await until(() => told.includes('b1 done'))
    assert.deepEqual(calls, [['a1'], ['b1']])
    await waiting(() => told.length === 4)
    assert.deepEqual(calls.slice(2), [['a1', 'a2', 'a3']])
    assert.deepEqual(told, ['b1 done', 'a1 done', 'a2 done', 'a3 done'])
  })

  test('that fail ten times are given up, and what waited behind them goes on', async () => {
    const { finisher, calls, told, add } = batcher(names => names.map(name => (name === 'a1' ? 'failed' : undefined)))
    add('a', 1)
    await until(() => finisher.waiting === 1 && calls.length === 1)
    add('a', 2)
    await waiting(() => told.length === 2)
    assert.deepEqual(told.toSorted(), ['a1 failed', 'a2 done'])
    assert.equal(calls.filter(names => names.includes('a1')).length, 10)
  })

  test('of a session that its gateway has not confirmed yet wait for that, however long it takes', async () => {
    const { finisher, calls, told, add } = batcher((names, call) => names.map(() => (call <= 30 ? 'unconfirmed' : undefined)))
    add('a', 1)
    await until(() => finisher.waiting === 1 && calls.length === 1)
    add('a', 2)
    await waiting(() => told.length === 2)
    assert.deepEqual([calls.length, told], [31, ['a1 done', 'a2 done']])
  })

  test('that the store refuses are cut in halves until the one to blame fails alone', async () => {
    const { calls, told, add } = batcher(names => (names.includes('c1') ? replyError('ERR unpack: data string too short') : []))
    for (const session of ['a', 'b', 'c', 'd']) add(session, 1)
    await waiting(() => told.length === 4)
    assert.deepEqual(told, ['a1 done', 'b1 done', 'c1 failed', 'd1 done'])
    const all = ['a1', 'b1', 'c1', 'd1']
    assert.deepEqual(calls, [all, all, all, ['a1', 'b1'], ['c1', 'd1'], ['c1'], ['d1']])
  })
})
