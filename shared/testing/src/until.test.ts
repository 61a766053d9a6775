import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from './until.ts'

test('resolves once the condition holds', async () => {
  let looks = 0
  await until(() => ++looks === 3)
  assert.equal(looks, 3)
})

test('rejects after its time and names what was awaited', async () => {
  await assert.rejects(
    until(() => false, { timeoutMs: 10, what: 'the moon' }),
    /10 ms in vain for: the moon/,
  )
})
