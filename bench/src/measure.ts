import { cpuSeconds, machineCpuSeconds } from './cpu.ts'
import type { GeneratorEvent, GeneratorResult } from './generator-event.ts'
import { GENERATOR_GRACE_MS } from './limits.ts'
import { PAYLOAD_SIZE, type Shape } from './shapes.ts'
import { SourceProcess } from './source-process.ts'
import { LatencyHistogram } from './statistics.ts'
import type { System } from './subject.ts'

/** One shape in one round. */
export interface Measurement {
  roundTrips: number
  seconds: number
  p50Ms: number
  p99Ms: number
  /** CPU seconds of each process in the measured time; without those that could not be read. */
  cpu: Record<string, number>
  /** CPU seconds of all generators. */
  generatorCpuSeconds: number
  /** Share of one core that the busiest generator used; near 1 it is the limit, not what it measures. */
  generatorCpuShare: number
  /** CPU seconds of everything else on the machine; undefined where they could not be read. */
  otherCpuSeconds: number | undefined
}

/** How one shape is put on a system. */
export interface Load {
  shape: Shape
  warmUpMs: number
  measureMs: number
}

/** Rejects where anything was lost or broken: a figure of such a run would be no figure. */
export async function measure(system: System, load: Load): Promise<Measurement> {
  const { warmUpMs, measureMs, shape } = load
  await using generators = startGenerators(system, load)
  await generators.next('measuring', warmUpMs + GENERATOR_GRACE_MS)
  const before = cpuOf(system.processes)
  const machineBefore = machineCpuSeconds()
  const results = await generators.next('result', measureMs + GENERATOR_GRACE_MS)
  const after = cpuOf(system.processes)
  const machineAfter = machineCpuSeconds()
  for (const result of results) refuseFailures(shape, result)
  const entries = Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? Number.NaN)] as const)
  const cpu = Object.fromEntries(entries.filter(([, seconds]) => !Number.isNaN(seconds)))
  const merged = merge(results)
  return { ...merged, cpu, otherCpuSeconds: othersBetween(machineBefore, machineAfter, cpu, merged.generatorCpuSeconds) }
}

function startGenerators({ port, generator }: System, { shape, warmUpMs, measureMs }: Load) {
  const processes = connectionsOf(shape).map(connections => {
    const values = { port, connections, depth: shape.depth, size: PAYLOAD_SIZE, 'warm-up': warmUpMs, measure: measureMs }
    const args = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])
    return new SourceProcess('generator', generator, args)
  })
  return {
    /** The next event of each, which is of this kind. */
    async next<K extends GeneratorEvent['event']>(kind: K, timeoutMs: number): Promise<Extract<GeneratorEvent, { event: K }>[]> {
      const events = await Promise.all(processes.map(each => each.next<GeneratorEvent>(timeoutMs)))
      const wrong = events.find(({ event }) => event !== kind)
      if (wrong !== undefined) throw new Error(`a generator tells ${JSON.stringify(wrong)}, expected its ${kind}`)
      return events as Extract<GeneratorEvent, { event: K }>[]
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map(each => each.stop()))
    },
  }
}

/** The connections of each generator, as even as they can be. */
export function connectionsOf({ connections, generators }: Shape): number[] {
  const least = Math.floor(connections / generators)
  return Array.from({ length: generators }, (_, index) => least + (index < connections % generators ? 1 : 0)).filter(count => count > 0)
}

/** The figures of generators that ran side by side. */
export function merge(results: readonly GeneratorResult[]): Omit<Measurement, 'cpu' | 'otherCpuSeconds'> {
  const sum = (figure: (result: GeneratorResult) => number): number => results.reduce((total, result) => total + figure(result), 0)
  const histogram = new LatencyHistogram()
  for (const { latencies } of results) histogram.addCounts(latencies)
  return {
    roundTrips: sum(({ roundTrips }) => roundTrips),
    seconds: sum(({ seconds }) => seconds) / results.length,
    p50Ms: histogram.percentile(0.5),
    p99Ms: histogram.percentile(0.99),
    generatorCpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    generatorCpuShare: Math.max(...results.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds)),
  }
}

function cpuOf(processes: System['processes']): Record<string, number> {
  const read = Object.entries(processes).map(([name, pid]) => [name, cpuSeconds(pid)] as const)
  return Object.fromEntries(read.filter((entry): entry is readonly [string, number] => entry[1] !== undefined))
}

function othersBetween(
  before: number | undefined,
  after: number | undefined,
  cpu: Readonly<Record<string, number>>,
  generatorCpuSeconds: number,
): number | undefined {
  if (before === undefined || after === undefined) return undefined
  const ours = Object.values(cpu).reduce((total, seconds) => total + seconds, generatorCpuSeconds)
  return Math.max(0, after - before - ours)
}

function refuseFailures({ name }: Shape, { gaps, wrongLengths, errors }: GeneratorResult): void {
  if (gaps === 0 && wrongLengths === 0 && Object.keys(errors).length === 0) return
  throw new Error(`${name}: ${gaps} gaps in seq, ${wrongLengths} echoes of a wrong length, errors ${JSON.stringify(errors)}; expected none`)
}
