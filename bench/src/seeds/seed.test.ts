import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pointOf } from '../capacity/study.ts'
import { type Claim, claimsTable, gain } from './seed.ts'

const claim: Claim = {
  what: 'requests/s',
  article: [120, 890],
  ours: [
    { line: 'before', at: 16 },
    { line: 'after', at: 16 },
  ],
  figure: 'perSecond',
}
const points = (before: number, after: number) => [
  pointOf(16, [{ perSecond: before, ms: after }], 'before'),
  pointOf(16, [{ perSecond: after, ms: before }], 'after'),
  pointOf(32, [{ perSecond: 1 }], 'after'),
]

describe('a claim', () => {
  test('stands with the article’s figures, ours, and how many times better each second one is', () => {
    const [table] = claimsTable([claim])(points(500, 5_000))
    assert.match(table, /\| requests\/s \| 120 \| 890 \| 7\.42 \| 500 \| 5,000 \| 10\.0 \| 7\.42: reached \| 5\.62 \|/)
  })

  test('says where the article’s ratio is not reached', () => {
    const [table] = claimsTable([claim])(points(500, 1_000))
    assert.match(table, /\| 2\.00 \| 7\.42: \*\*not reached\*\* \| 1\.12 \|$/)
  })

  test('counts what less of is better the other way round', () => {
    const [table] = claimsTable([{ ...claim, article: [85, 18], figure: 'ms', isLess: true }])(points(1.5, 12))
    assert.match(table, /\| 85 \| 18 \| 4\.72 \| 12 \| 1\.5 \| 8\.00 \| 4\.72: reached \| 12\.0 \|/)
  })

  test('is left out where one of its points, or its figure, was not measured', () => {
    const [before, after] = points(1, 2)
    assert.deepEqual(claimsTable([claim])([before]), [])
    assert.deepEqual(claimsTable([{ ...claim, figure: 'none' }])([before, after]), [])
  })
})

test('what was nothing before and after is no better, and what is left of nothing is without end', () => {
  assert.equal(gain([0, 0], true), 1)
  const [table] = claimsTable([{ ...claim, article: [35, 12], figure: 'ms', isLess: true }])(points(0, 5))
  assert.match(table, /\| 5 \| 0 \| ∞ \| 2\.92: reached \| ∞ \|/)
})
