import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConsumedRecord, LogConsumer } from '@causeway/log'
import { Backlog } from './backlog.ts'

/** A consumer whose commits return when the test lets them. */
function slowConsumer() {
  const commits: { offsets: [number, number][]; settle: (error?: Error) => void }[] = []
  const commit = (offsets: ReadonlyMap<number, number>): Promise<void> =>
    new Promise((resolve, reject) => {
      commits.push({ offsets: [...offsets], settle: error => (error === undefined ? resolve() : reject(error)) })
    })
  return { commits, consumer: { commit } as unknown as LogConsumer }
}

const record = (offset: number): ConsumedRecord => ({ partition: 0, offset, value: new Uint8Array(1) }) as ConsumedRecord
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('commits', () => {
  test('of an assignment that has ended are not made, though they were asked for before', async () => {
    const { commits, consumer } = slowConsumer()
    const backlog = new Backlog([0], () => consumer)
    const [first, second] = [0, 1].map(offset => backlog.add(record(offset)))
    first.complete = true
    const one = backlog.commit()
    second.complete = true
    const two = backlog.commit()
    backlog.close()
    commits[0].settle(new Error('timed out'))
    await assert.rejects(one)
    await two
    assert.equal(commits.length, 1)
  })

  test('are never two in the air: what moved meanwhile goes with the next, once', async () => {
    const { commits, consumer } = slowConsumer()
    const backlog = new Backlog([0], () => consumer)
    const [first, second, third] = [0, 1, 2].map(offset => backlog.add(record(offset)))
    first.complete = true
    const one = backlog.commit()
    second.complete = true
    const two = backlog.commit()
    third.complete = true
    const three = backlog.commit()
    await turn()
    assert.deepEqual(
      commits.map(({ offsets }) => offsets),
      [[[0, 1]]],
    )
    commits[0].settle()
    await one
    await turn()
    assert.deepEqual(
      commits.map(({ offsets }) => offsets),
      [[[0, 1]], [[0, 3]]],
    )
    commits[1].settle()
    await Promise.all([two, three])
  })

  test('that fail are made again with the next, which waits for no failure', async () => {
    const { commits, consumer } = slowConsumer()
    const backlog = new Backlog([0], () => consumer)
    backlog.add(record(0)).complete = true
    const failing = assert.rejects(backlog.commit(), /no coordinator/)
    const next = backlog.commit()
    commits[0].settle(new Error('no coordinator'))
    await failing
    await turn()
    assert.deepEqual(commits[1].offsets, [[0, 1]])
    commits[1].settle()
    await next
  })
})
