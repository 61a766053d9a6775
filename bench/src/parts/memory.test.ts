import assert from 'node:assert/strict'
import { test } from 'node:test'
import { added } from './memory.ts'

test('what is held is shared among those that came, not those before', () => {
  const [before, now] = [1, 3].map(times => ({ resident: times * 1_000, heapAndExternal: times * 500 }))
  assert.deepEqual(added(before, now, 100), { resident: 20, heapAndExternal: 10 })
})
