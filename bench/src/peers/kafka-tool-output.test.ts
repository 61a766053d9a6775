import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { endToEndFigures, producerFigures } from './kafka-tool-output.ts'

// as Kafka 4.1.1 prints them
const PRODUCER = `333204 records sent, 66217.0 records/sec (12.63 MB/sec), 2108.9 ms avg latency, 2828.0 ms max latency.
1000000 records sent, 97475.4 records/sec (18.59 MB/sec), 91.88 ms avg latency, 1401.00 ms max latency, 51 ms 50th, 357 ms 95th, 517 ms 99th, 611 ms 99.9th.
`
const END_TO_END = `0\t437.616505
Avg latency: 2.5000 ms
Percentiles: 50th = 1, 99th = 22, 99.9th = 61
`

describe('figures of Kafka’s tools', () => {
  test('are those of the whole run, not of an interval', () => {
    assert.deepEqual(producerFigures(PRODUCER), { perSecond: 97_475.4, p50Ms: 51, p99Ms: 517 })
  })

  test('of one message at a time are the rate of its mean', () => {
    assert.deepEqual(endToEndFigures(END_TO_END), { perSecond: 400, p50Ms: 1, p99Ms: 22 })
  })

  test('that are not there fail with what the tool said', () => {
    assert.throws(() => producerFigures('Exception in thread "main"'), /says nothing like .*\nException/)
  })
})
