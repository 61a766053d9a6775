import { setTimeout as sleep } from 'node:timers/promises'
import { GeneratorConnection } from './generator-connection.ts'
import { LatencyHistogram } from './statistics.ts'
import { Measured } from './tally.ts'

export interface ClosedLoop {
  port: number
  opcode: number
  /** Of each payload and its echo, bytes. */
  size: number
  /** With what a payload begins. Default: nothing. */
  head?: Uint8Array
  sessions: number
  /** Outstanding of each session. */
  depth: number
  /** Of the first session, in place of that: the others' keys are even, this one is hot. Default: as theirs. */
  hotDepth?: number
  warmUpMs: number
  measureMs: number
}

export interface ClosedLoopResult {
  perSecond: number
  /** Of the first session. */
  hotPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Share of one core that made the load. */
  generatorCpuShare: number
}

/** Requests whose answers are followed by the next ones, so that as many are outstanding at any time. Rejects where one failed. */
export async function closedLoop({
  sessions,
  depth,
  hotDepth = depth,
  warmUpMs,
  measureMs,
  ...shared
}: ClosedLoop): Promise<ClosedLoopResult> {
  const [first, others] = [new Measured(), new Measured()]
  const connections = Array.from({ length: sessions }, (_, index) =>
    index === 0
      ? new GeneratorConnection({ ...shared, observer: first, depth: hotDepth })
      : new GeneratorConnection({ ...shared, observer: others, depth }),
  )
  try {
    await Promise.all(connections.map(({ opened }) => opened))
    for (const connection of connections) connection.start()
    await sleep(warmUpMs)
    for (const each of [first, others]) each.measure()
    await sleep(measureMs)
    const [hot, even] = [first.clean(), others.clean()]
    const times = new LatencyHistogram()
    for (const { latencies } of [hot, even]) times.addCounts(latencies)
    return {
      perSecond: (hot.roundTrips + even.roundTrips) / even.seconds,
      hotPerSecond: hot.roundTrips / hot.seconds,
      p50Ms: times.percentile(0.5),
      p99Ms: times.percentile(0.99),
      generatorCpuShare: even.cpuSeconds / even.seconds,
    }
  } finally {
    for (const connection of connections) connection.close()
  }
}
