import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSummary, reportLines, sumUp } from './summary.ts'

test('packages add up, with names that tell the package and skips that tell the reason', () => {
  const total = sumUp(
    new Map([
      ['one', { passed: 2, failed: [], skipped: [{ name: 'sings', reason: 'no voice' }] }],
      ['two', { passed: 3, failed: [{ name: 'dances', file: 'src/dance.test.ts' }], skipped: [] }],
    ]),
  )
  assert.deepEqual(reportLines(total), [
    'skipped  one: sings (no voice)',
    'failed   two: dances (src/dance.test.ts)',
    '5 passed, 1 failed, 1 skipped',
  ])
})

test('a package that left no summary is a failure', () => {
  assert.deepEqual(readSummary('/nonexistent/summary.json').failed, [{ name: 'its test run left no summary', file: '' }])
})
