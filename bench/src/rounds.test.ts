import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runRounds, type Task } from './rounds.ts'

function tasks(...names: string[]) {
  const ran: string[] = []
  const task = (name: string): Task<string> => ({
    name,
    run: async () => {
      ran.push(name)
      if (name.startsWith('bad')) throw new Error(`${name} broke`)
      return name
    },
  })
  return { ran, tasks: names.map(task) }
}

describe('rounds', () => {
  test('are outermost: every task has its turn before any has a second', async () => {
    const { ran, tasks: all } = tasks('a', 'b', 'c')
    const outcomes = await runRounds(all, 2, () => {})
    assert.deepEqual(ran, ['a', 'b', 'c', 'a', 'b', 'c'])
    assert.deepEqual(outcomes.get(all[1]), { results: ['b', 'b'] })
  })

  test('go on without a task that failed, and keep why', async () => {
    const { ran, tasks: all } = tasks('a', 'bad', 'c')
    const told: string[] = []
    const outcomes = await runRounds(all, 2, (round, { name }, result) => told.push(`${round} ${name} ${result}`))
    assert.deepEqual(ran, ['a', 'bad', 'c', 'a', 'c'])
    assert.equal(outcomes.get(all[1])!.failure?.message, 'bad broke')
    assert.equal(told[1], '1 bad Error: bad broke')
  })
})
