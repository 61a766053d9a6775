import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TrialRow } from '../trial.ts'
import { type Comparand, ratioCells } from './comparands.ts'

const always = (value: number) => ({ median: value, min: value, max: value })
const row = (name: string, perSecond: number, changes: Partial<TrialRow> = {}): TrialRow => ({
  ...{ name, unit: 'things', perSecond: always(perSecond), cpuSecondsPer1000: {} },
  ...changes,
})
const comparand = (changes: Partial<Comparand>): Comparand => ({ group: 'g', ours: 'a', peer: 'b', targets: [], ...changes })

describe('a ratio', () => {
  test('is by CPU second where both have one, unless another figure is named', () => {
    const rows = [row('a', 100, { perCpuSecond: always(30) }), row('b', 50, { perCpuSecond: always(60) })]
    assert.deepEqual(ratioCells(comparand({}), rows), ['a / b', '0.500', ''])
    assert.deepEqual(ratioCells(comparand({ of: 'perSecond' }), rows), ['a / b, a second', '2.00', ''])
  })

  test('is none where the figure is missing, or one of the two', () => {
    const rows = [row('a', 100), row('b', 50)]
    assert.equal(ratioCells(comparand({ of: 'resident' }), rows), undefined)
    assert.equal(ratioCells(comparand({ peer: 'c' }), rows), undefined)
  })
})

describe('a target', () => {
  const textOf = (ours: number, peer: number, target: Comparand['targets'][number]): string =>
    ratioCells(comparand({ of: 'perSecond', targets: [target] }), [row('a', ours), row('b', peer)])![2]

  test('is reached from it on', () => {
    assert.equal(textOf(50, 100, { ratio: 0.5 }), '0.5: reached')
    assert.equal(textOf(49, 100, { ratio: 0.5 }), '0.5: **not reached**')
  })

  test('of what is better the less there is, is reached up to it', () => {
    assert.equal(textOf(100, 100, { ratio: 1, atMost: true }), 'at most 1: reached')
    assert.equal(textOf(101, 100, { ratio: 1, atMost: true }), 'at most 1: **not reached**')
  })

  test('with a rate that is enough is reached by either', () => {
    const target = { ratio: 0.4, orPerSecond: 200_000 }
    assert.equal(textOf(200_000, 900_000, target), '0.4, or 200,000 a second: reached')
    assert.equal(textOf(40_000, 100_000, target), '0.4, or 200,000 a second: reached')
    assert.equal(textOf(39_000, 100_000, target), '0.4, or 200,000 a second: **not reached**')
  })
})
