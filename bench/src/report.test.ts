import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Measurement } from './measure.ts'
import { makeReport, reportText } from './report.ts'
import { SHAPES } from './shapes.ts'
import type { Subject, System } from './subject.ts'

const measurement = (changes: Partial<Measurement>): Measurement => ({
  ...{ roundTrips: 10_000, seconds: 5, p50Ms: 2, p99Ms: 4, generatorCpuSeconds: 1, generatorCpuShare: 0.2 },
  ...{ cpu: { gateway: 2, Kafka: 3 }, otherCpuSeconds: 0.5, openedInMs: 10 },
  ...changes,
})

const system: System = {
  ...{ port: 1, generator: new URL('file:///none'), processes: {}, versions: { Kafka: '4.1.1', Redis: '8' } },
  [Symbol.asyncDispose]: async () => {},
}
const subject: Subject = {
  ...{ id: 'it', name: 'It', kind: 'ours', path: 'one gateway', durability: 'acks=all', firstWarmUpMs: 0 },
  start: async () => system,
}
const machine = { cores: 2, processor: 'a processor', memoryGiB: 8, system: 'Linux', node: '24' }

function reportOf(...measurements: Measurement[]) {
  return makeReport({ machine, subject, system, rounds: measurements.length, seconds: 5 }, new Map([[SHAPES[1], measurements]]))
}

describe('a report', () => {
  test('has medians and spreads over the rounds, and CPU for 1,000 round trips', () => {
    const [row] = reportOf(
      measurement({ roundTrips: 5_000, p99Ms: 9 }),
      measurement({ roundTrips: 20_000 }),
      measurement({ generatorCpuShare: 0.8 }),
    ).rows
    assert.deepEqual(row, {
      shape: '64 x 1',
      roundTripsPerSecond: { median: 2_000, min: 1_000, max: 4_000 },
      p50Ms: { median: 2, min: 2, max: 2 },
      p99Ms: { median: 4, min: 4, max: 9 },
      cpuSecondsPer1000: { gateway: 0.2, Kafka: 0.3 },
      generatorCpuShare: 0.2,
      otherCpuShare: 0.1,
    })
  })

  test('says what was measured on what, and how durable it was', () => {
    const text = reportText(reportOf(measurement({})))
    for (const part of [
      '2 cores, a processor',
      'Node 24, Kafka 4.1.1, Redis 8',
      'one gateway',
      'acks=all',
      '200 B',
      'raw version-2 frames',
      '20 % of a core',
    ])
      assert.ok(text.includes(part), `${part} in:\n${text}`)
  })

  test('leaves out what the machine does not tell', () => {
    const text = reportText(reportOf(measurement({ cpu: {}, otherCpuSeconds: undefined })))
    assert.ok(!text.includes('gateway CPU') && text.includes('not known'), text)
  })
})
