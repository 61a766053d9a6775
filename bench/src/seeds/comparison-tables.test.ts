import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pointOf } from '../capacity/study.ts'
import { besideTheArticle, ratiosTable } from './comparison-tables.ts'

const points = [
  pointOf(100, [{ perSecond: 20_000, p50Ms: 4 }], 'Causeway kafkajs'),
  pointOf(1_000, [{ perSecond: 30_000, p50Ms: 30 }], 'Causeway kafkajs'),
  pointOf(100, [{ perSecond: 10_000, p50Ms: 8 }], 'gRPC'),
  pointOf(100, [{ perSecond: 16_000, p50Ms: 6 }], 'REST'),
  pointOf(1_000, [{ perSecond: 15_000, p50Ms: 60 }], 'REST'),
]

describe('the systems of the articles', () => {
  test('each of ours stands by each of them, at each number of connections', () => {
    const table = ratiosTable(points).join('\n')
    assert.match(table, /\| {2}\| connections \| × gRPC \| × REST \| × RabbitMQ \|/)
    assert.match(table, /\| Causeway kafkajs \| 100 \| 2\.00 \| 1\.25 \| {2}\|\n\| Causeway kafkajs \| 1,000 \| {2}\| 2\.00 \| {2}\|$/)
  })

  test("are held against each other as there, and ours in the winner's place", () => {
    const table = besideTheArticle(points).join('\n')
    assert.match(
      table,
      /\| requests\/s, REST → gRPC \| 3,200 \| 9,800 \| 3\.06 \| 16,000 \| 10,000 \| 0\.625 \| 3\.06: \*\*not reached\*\* \|/,
    )
    assert.match(table, /\| ms, REST → Causeway kafkajs \| 6\.7 \| 2\.1 \| 3\.19 \| 6 \| 4 \| 1\.50 \| 3\.19: \*\*not reached\*\* \|/)
    assert.doesNotMatch(table, /RabbitMQ →|embedded/)
  })

  test('of which none was measured have no tables', () => {
    assert.deepEqual([...ratiosTable([]), ...besideTheArticle([])], [])
  })
})
