import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { age, table } from './table.ts'

const columns = [
  { title: 'NAME', read: (row: { name: string; count: number }) => row.name, most: 6 },
  { title: 'N', read: (row: { name: string; count: number }) => row.count },
]

describe('a table', () => {
  test('sets texts to the left, numbers to the right, and cuts what is too long', () => {
    const rows = [
      { name: 'short', count: 5 },
      { name: 'far too long', count: 12_345 },
    ]
    assert.deepEqual(table(rows, columns, 80), ['NAME        N', 'short       5', 'far t…  12345'])
    assert.deepEqual(table(rows, columns, 8), ['NAME   …', 'short  …', 'far t… …'])
  })

  test('lets no text steer the terminal', () => {
    assert.deepEqual(table([{ name: '\u001b[2J\n', count: 1 }], columns, 80), ['NAME   N', ' [2J   1'])
  })

  test('tells ages in one unit', () => {
    assert.deepEqual(
      [1, 119, 120, 7_199, 7_200, 172_800].map(seconds => age(0, seconds * 1_000)),
      ['1 s', '119 s', '2 min', '119 min', '2 h', '2 d'],
    )
  })
})
