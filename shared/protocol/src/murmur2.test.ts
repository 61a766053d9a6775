import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketOf, murmur2, partitionOf } from './murmur2.ts'
import { utf8Encode } from './utf8.ts'
import { readVectors } from './vectors.fixture.ts'

for (const { text, murmur2: hash, bucket } of readVectors<{ text: string; murmur2: number; bucket: number }>('murmur2')) {
  test(`murmur2 of ${JSON.stringify(text)} is Kafka's`, () => {
    assert.equal(murmur2(utf8Encode(text)), hash)
    assert.equal(bucketOf(text), bucket)
  })
}

test('the partition of a bucket is the one Kafka chooses for the session as key', () => {
  for (let session = 0; session < 1_000; session++) {
    const key = `session-${session}`
    for (const partitions of [1, 2, 16, 256]) {
      assert.equal(partitionOf(bucketOf(key), partitions), (murmur2(utf8Encode(key)) & 0x7fffffff) % partitions)
    }
  }
})
