import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resultsConformance } from './results.conformance.ts'
import { RESULT_BYTES, ResultsFull } from './results.ts'
import { ResultsInMemory } from './results-in-memory.ts'

resultsConformance({
  name: 'in memory',
  async open(context) {
    const results = new ResultsInMemory()
    context.after(() => results.close())
    return results
  },
})

test('time is that of its clock', async () => {
  let now = 1_000
  const results = new ResultsInMemory({ now: () => now })
  await results.claim('key', 'first', 500)
  now += 499
  assert.equal((await results.claim('key', 'second', 500)).kind, 'taken')
  now += 1
  assert.equal((await results.claim('key', 'second', 500)).kind, 'claimed')
})

test('without room it is refused, until the time of others is over', async () => {
  let now = 1_000
  const results = new ResultsInMemory({ now: () => now })
  const value = new Uint8Array(RESULT_BYTES)
  const keep = async (key: string): Promise<boolean> => {
    await results.claim(key, 'owner', 60_000)
    return await results.keep(key, 'owner', value, 60_000)
  }
  for (let n = 0; n < 256; n++) assert.equal(await keep(`key ${n}`), true)
  await assert.rejects(keep('one more'), error => error instanceof ResultsFull && /^memory keeps 100000 results/.test(error.message))
  now += 60_001
  assert.equal(await keep('one more'), true)
})
