import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FetchedBatch } from './fetched-batch.ts'
import { produceBody } from './produce-request.ts'
import { recordOf } from './record.fixture.ts'

const NOW = 1_790_000_000_123
const FIRST = 2 ** 40 + 7
/** Where the batch of a request with one topic of one letter begins. */
const BATCH_AT = 12 + 2 + 1 + 4 + 8

/** As Kafka gives it back: at its offset. */
function stored(records: Parameters<typeof produceBody>[0][number]['records']): Buffer {
  const bytes = produceBody([{ topic: 't', partition: 3, records }], -1, 5_000, NOW).subarray(BATCH_AT)
  bytes.writeBigInt64BE(BigInt(FIRST))
  return bytes
}

const utf8 = (text: string): string => Buffer.from(text).toString()

test('a batch is read as it was written, from any offset on', () => {
  const property = fc.property(fc.array(recordOf, { minLength: 1, maxLength: 12 }), fc.nat({ max: 14 }), (records, skipped) => {
    const bytes = Buffer.concat([Buffer.from('before'), stored(records), Buffer.from('behind')])
    const batch = FetchedBatch.at(bytes, 6)!
    assert.equal(batch.length, bytes.length - 12)
    assert.equal(batch.lastOffset, FIRST + records.length - 1)
    assert.deepEqual(
      batch.records(3, FIRST + skipped).map(record => ({ ...record, value: [...record.value] })),
      records
        .map((record, index) => ({
          ...{
            partition: 3,
            offset: FIRST + index,
            key: utf8(record.key),
            value: record.tombstone ? [] : [...record.value],
            appendedAt: NOW,
          },
          header: utf8(record.resent ? `${record.header}r` : record.header),
          traceparent: record.traceparent === undefined ? undefined : utf8(record.traceparent),
          contentType: record.contentType === undefined ? undefined : utf8(record.contentType),
          ...(Object.keys(record.headers ?? {}).length === 0
            ? {}
            : { headers: Object.fromEntries(Object.entries(record.headers!).map(([name, text]) => [utf8(name), utf8(text)])) }),
        }))
        .slice(skipped),
    )
  })
  fc.assert(property, { numRuns: 300 })
})

test('what is cut off, compressed, of a transaction or of an older form is left to kafkajs', () => {
  const plain = stored([{ topic: 't', partition: 3, key: 'k', value: Buffer.from('v'), header: '', deadline: 0, resent: false }])
  assert.ok(FetchedBatch.at(plain, 0) !== undefined)
  for (const length of [0, 60, plain.length - 1]) assert.equal(FetchedBatch.at(plain.subarray(0, length), 0), undefined, `${length} bytes`)
  for (const [at, value] of [
    [22, 0b1],
    [22, 0b100],
    [22, 0b10000],
    [22, 0b100000],
    [16, 1],
  ] as const)
    assert.equal(FetchedBatch.at(changed(plain, at, value), 0), undefined, `byte ${at} is ${value}`)
})

test('times are those of the broker where it gave them', () => {
  const bytes = changed(
    stored([{ topic: 't', partition: 3, key: 'k', value: Buffer.from('v'), header: '', deadline: 0, resent: false }]),
    22,
    0b1000,
  )
  bytes.writeBigInt64BE(BigInt(NOW + 5), 35)
  assert.deepEqual(
    FetchedBatch.at(bytes, 0)!
      .records(0, 0)
      .map(({ appendedAt }) => appendedAt),
    [NOW + 5],
  )
})

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}
