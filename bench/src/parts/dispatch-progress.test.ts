import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DispatchProgress } from './dispatch-progress.ts'

describe('progress through a topic', () => {
  test('measures what comes after the first quarter', async () => {
    const progress = new DispatchProgress('worker', 100)
    for (let i = 0; i < 10; i++) progress.count(10)
    const { units, cpu } = await progress.over
    // the warm-up has ended with the third ten
    assert.equal(units, 70)
    assert.deepEqual(Object.keys(cpu), ['worker'])
  })

  test('fails where something comes twice', async () => {
    const progress = new DispatchProgress('worker', 100)
    progress.count(60)
    progress.count(60)
    await assert.rejects(progress.over, /120 of 100 came/)
  })

  test('fails with what breaks it', async () => {
    const progress = new DispatchProgress('worker', 100)
    progress.fail(new Error('a finish is expired'))
    await assert.rejects(progress.over, /expired/)
  })
})
