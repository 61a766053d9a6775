import type { Figures, Findings } from './study.ts'
import { pointOf } from './study.ts'

/** Of one study, a run at each size. */
export const findingsOf = (study: string, sizes: readonly (readonly [at: number, figures: Figures, line?: string])[]): Findings => ({
  ...{ study, date: '2026-01-02T03:04:05.000Z', command: 'npm run bench:growth', rounds: 3, seconds: 1, tookSeconds: 42 },
  machine: { cores: 2, processor: 'a processor', memoryGiB: 8, system: 'Linux', node: '24' },
  versions: { Kafka: '4.1.1' },
  points: sizes.map(([at, figures, line]) => pointOf(at, [figures], line)),
})

/** Figures that are easy to multiply: a session takes 8 KiB and 1 KiB, and a hundred-thousandth of a core; a request 100 µs of each process. */
export const million = (): Findings[] => [
  findingsOf('idle', [
    [100, { gatewayCpu: 0.1, redisCpu: 0.02 }],
    [
      10_100,
      {
        gatewayCpu: 0.15,
        redisCpu: 0.02,
        gatewayKiB: 8,
        gatewayBaseMiB: 100,
        gatewayMiB: 80,
        redisKiB: 1,
        descriptors: 1,
        kafkaCpu: 0,
        openedPerSecond: 1,
      },
    ],
  ]),
  findingsOf('upkeep', [
    [1_000, { gatewayCpu: 0.1, redisCpu: 0.02, redisOpsPerSecond: 100 }],
    [11_000, { gatewayCpu: 1.15, redisCpu: 0.22, redisOpsPerSecond: 10_100, heartbeatsPerSecond: 7_400, generatorCpuShare: 0.95 }],
  ]),
  findingsOf('active', [
    [
      10_000,
      {
        perSecond: 2_000,
        redisOpsPerSecond: 20_000,
        p50Ms: 1,
        p99Ms: 2,
        'cpu gateway': 0.1,
        'cpu worker': 0.1,
        'cpu Kafka': 0.1,
        'cpu Redis': 0.01,
      },
    ],
  ]),
]
