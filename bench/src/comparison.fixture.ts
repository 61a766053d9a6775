import type { Comparison, SubjectReport } from './compare.ts'
import type { Row } from './report.ts'
import type { Spread } from './statistics.ts'

const always = (value: number): Spread => ({ median: value, min: value * 0.9, max: value * 1.1 })

const row = (shape: string, perSecond: number): Row => ({
  ...{ shape, roundTripsPerSecond: always(perSecond), p50Ms: always(1), p99Ms: always(2) },
  ...{ cpuSecondsPer1000: { server: 0.01 }, generatorCpuShare: 0.5, otherCpuShare: 0.1 },
})

/** A subject with so many round trips a second, by shape. */
export const reported = (id: string, kind: SubjectReport['kind'], perSecond: Readonly<Record<string, number>>): SubjectReport => ({
  ...{
    id,
    name: `The ${id}`,
    kind,
    path: `path of ${id}`,
    durability: `durability of ${id}`,
    versions: { [id]: '1.2.3' },
    notMeasured: [],
  },
  rows: Object.entries(perSecond).map(([shape, value]) => row(shape, value)),
})

/** Figures that are easy to divide. */
export function comparison(changes: Partial<Comparison> = {}): Comparison {
  return {
    ...{ date: '2026-01-02T03:04:05.000Z', command: 'npm run bench:peers -- --rounds 5', payloadBytes: 200, rounds: 5, seconds: 3 },
    ...{ tookSeconds: 600, shapes: ['64 x 1', '64 x 16'], trials: [] },
    machine: { cores: 2, processor: 'a processor', memoryGiB: 8, system: 'Linux', node: '24' },
    subjects: [
      reported('causeway-kafkajs', 'ours', { '64 x 1': 20, '64 x 16': 700 }),
      reported('causeway-platformatic', 'ours', { '64 x 1': 10, '64 x 16': 800 }),
      reported('causeway-embedded', 'ours', { '64 x 1': 30, '64 x 16': 1_300 }),
      reported('grpc-js', 'peer', { '64 x 1': 10, '64 x 16': 100 }),
      reported('nats-core', 'peer', { '64 x 1': 10, '64 x 16': 500 }),
      reported('net', 'transport', { '64 x 1': 100, '64 x 16': 9_000 }),
    ],
    ...changes,
  }
}
