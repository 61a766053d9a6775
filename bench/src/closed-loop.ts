import { setTimeout as sleep } from 'node:timers/promises'
import { GeneratorConnection } from './generator-connection.ts'
import { LatencyHistogram } from './statistics.ts'
import type { Observer } from './tally.ts'

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
  const failures: Record<string, number> = {}
  let times = new LatencyHistogram()
  let [answered, hot] = [0, 0]
  const broken = (what: string): void => {
    failures[what] = (failures[what] ?? 0) + 1
  }
  const observer: Observer = {
    answered(ms) {
      answered++
      times.add(ms)
    },
    gap: () => broken('gap'),
    wrongLength: () => broken('wrong length'),
    failed: broken,
  }
  const first: Observer = {
    ...observer,
    answered(ms) {
      hot++
      observer.answered(ms)
    },
  }
  const connections = Array.from({ length: sessions }, (_, index) =>
    index === 0
      ? new GeneratorConnection({ ...shared, observer: first, depth: hotDepth })
      : new GeneratorConnection({ ...shared, observer, depth }),
  )
  try {
    await Promise.all(connections.map(({ opened }) => opened))
    for (const connection of connections) connection.start()
    await sleep(warmUpMs)
    times = new LatencyHistogram()
    ;[answered, hot] = [0, 0]
    const cpu = process.cpuUsage()
    const from = performance.now()
    await sleep(measureMs)
    const seconds = (performance.now() - from) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    if (Object.keys(failures).length > 0) throw new Error(`failures under load: ${JSON.stringify(failures)}; expected none`)
    return {
      perSecond: answered / seconds,
      hotPerSecond: hot / seconds,
      p50Ms: times.percentile(0.5),
      p99Ms: times.percentile(0.99),
      generatorCpuShare: (user + system) / 1e6 / seconds,
    }
  } finally {
    for (const connection of connections) connection.close()
  }
}
