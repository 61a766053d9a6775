import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LateSession } from '@causeway/registry'
import { turn, until } from '@causeway/testing'
import { Lane } from './lane.ts'
import { LateSessions } from './late-sessions.ts'

/** Late sessions whose names at other workers a test takes away. */
function watched(elsewhere: LateSession[], here: string[] = []) {
  const gone: string[] = []
  const asked: (readonly number[])[] = []
  const named = [...elsewhere]
  const late = new LateSessions({
    ...{ elsewhere, here },
    look: async partitions => {
      asked.push(partitions)
      return named.filter(({ partition }) => partitions.includes(partition))
    },
    go: ({ session }) => void gone.push(session),
  })
  const wait = (session: string, partition: number): void => late.wait(new Lane(session, partition, false))
  const settle = (session: string): void =>
    void named.splice(
      named.findIndex(each => each.session === session),
      1,
    )
  return { late, gone, asked, wait, settle, [Symbol.dispose]: () => late.close() }
}

test('a session that is late here and elsewhere waits for both', async () => {
  for (const first of ['here', 'elsewhere']) {
    using at = watched([{ partition: 0, session: 'a' }], ['a'])
    at.wait('a', 0)
    if (first === 'here') at.late.endedHere('a')
    else at.settle('a')
    await until(() => at.asked.length > 0)
    for (let i = 0; i < 5; i++) await turn()
    assert.deepEqual([at.gone, at.late.waiting], [[], 1], first)
    if (first === 'here') at.settle('a')
    else at.late.endedHere('a')
    await until(() => at.gone.length === 1)
    assert.deepEqual([at.gone, at.late.has('a'), at.late.waiting], [['a'], false, 0])
  }
})

test('nobody is asked while no lane waits, and only about partitions in which one does', async () => {
  using at = watched([
    { partition: 0, session: 'a' },
    { partition: 1, session: 'b' },
    { partition: 1, session: 'c' },
  ])
  assert.deepEqual(at.asked, [])
  at.wait('b', 1)
  at.settle('a')
  at.settle('b')
  at.settle('c')
  await until(() => at.gone.length === 1)
  assert.deepEqual([at.gone, at.asked], [['b'], [[1]]])
  assert.deepEqual(
    ['a', 'b', 'c'].map(session => at.late.has(session)),
    [true, false, false],
  )
})

test('an assignment that has ended asks no more, and lets nothing go on', async () => {
  using at = watched([{ partition: 0, session: 'a' }])
  at.wait('a', 0)
  await until(() => at.asked.length > 0)
  at.settle('a')
  at.late.close()
  const asked = at.asked.length
  at.wait('a', 0)
  await new Promise(resolve => setTimeout(resolve, 150))
  assert.deepEqual([at.gone, at.asked.length], [[], asked])
})
