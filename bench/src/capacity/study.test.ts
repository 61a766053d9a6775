import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findingsOf } from './study.fixture.ts'
import { atMost, pointOf, riseOf } from './study.ts'

describe('a point', () => {
  test('is the median of its runs, with the least and the most', () => {
    const { figures } = pointOf(8, [{ perSecond: 3 }, { perSecond: 1 }, { perSecond: 2 }])
    assert.deepEqual(figures, { perSecond: { median: 2, min: 1, max: 3 } })
  })

  test('lacks a figure that one of its runs lacks', () => {
    const { figures } = pointOf(8, [{ perSecond: 3, p50Ms: 1 }, { perSecond: 1 }])
    assert.deepEqual(Object.keys(figures), ['perSecond'])
  })
})

describe('findings', () => {
  const findings = findingsOf('idle', [
    [1_000, { cpu: 0.5, other: 1 }],
    [100, { cpu: 0.05 }],
  ])

  test('have a figure at their largest size, in whatever order they stand', () => {
    assert.equal(atMost(findings, 'cpu'), 0.5)
    assert.equal(atMost(findings, 'none'), undefined)
    assert.equal(atMost(undefined, 'cpu'), undefined)
  })

  test('rise by one between the smallest size and the largest, or by their only one', () => {
    assert.equal(riseOf(findings, 'cpu'), 0.45 / 900)
    assert.equal(riseOf(findings, 'other'), 1 / 1_000)
    assert.equal(riseOf(findings, 'none'), undefined)
  })
})
