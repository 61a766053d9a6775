import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PALETTE } from '../stacked-bar.ts'
import { MOMENTS } from './moments.ts'
import { EMBEDDED_STAGES, STAGES } from './stages.ts'

describe('the stages', () => {
  test('end with each moment of the way, in their order, and with the answer', () => {
    const ends = STAGES.map(({ until }) => MOMENTS.indexOf(until[0]))
    assert.deepEqual(ends, MOMENTS.map((_, index) => index).slice(1))
  })

  test('have a colour each', () => assert.equal(STAGES.length, PALETTE.length))

  test('go embedded from the same begin to the same end', () => {
    assert.deepEqual(EMBEDDED_STAGES[0], STAGES[0])
    assert.deepEqual(EMBEDDED_STAGES.at(-1), STAGES.at(-1))
    for (const { until } of EMBEDDED_STAGES) assert.ok(!until.includes('launched') && !until.includes('called'))
  })
})
