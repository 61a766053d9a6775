import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { System } from '../subject.ts'
import { OneSystem } from './one-system.ts'

test('studies of one name share a system, which ends before the next is started', async () => {
  const told: string[] = []
  const start = (name: string) => async (): Promise<System> => {
    told.push(`${name} begins`)
    return {
      ...{ port: 1, generator: new URL('file:///none'), processes: {}, versions: {} },
      [Symbol.asyncDispose]: async () => void told.push(`${name} ends`),
    }
  }
  {
    await using one = new OneSystem()
    const first = await one.of('a', start('a'))
    assert.equal(await one.of('a', start('a')), first)
    await one.of('b', start('b'))
    await one.end()
    await one.of('c', start('c'))
  }
  assert.deepEqual(told, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
