import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PartClock, resultOf } from './part-run.ts'

describe('a run of a part', () => {
  const run = { units: 1_000, seconds: 2, cpu: { worker: 0.5, Redis: 1.5 } }

  test('counts by CPU second of the processes that are named', () => {
    assert.deepEqual(resultOf(run, ['worker']), { perSecond: 500, perCpuSecond: 2_000, cpuSecondsPer1000: { worker: 0.5, Redis: 1.5 } })
    assert.equal(resultOf(run, ['worker', 'Redis']).perCpuSecond, 500)
  })

  test('has no such figure where one of them could not be read', () => {
    assert.equal(resultOf(run, ['worker', 'Kafka']).perCpuSecond, undefined)
  })

  test('leaves out a process that is gone', () => {
    const { cpu } = new PartClock('worker', { Redis: 2 ** 30 }).over(1)
    assert.deepEqual(Object.keys(cpu), ['worker'])
  })
})
