import { cpuSeconds, machineCpuSeconds } from './cpu.ts'
import type { GeneratorResult } from './generator-event.ts'
import { Generators, type Load } from './generators.ts'
import type { Shape } from './shapes.ts'
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
  /** What the slowest generator took to open its connections, ms. */
  openedInMs: number
}

/** Rejects where anything was lost or broken: a figure of such a run would be no figure. */
export async function measure(system: System, load: Load): Promise<Measurement> {
  const [measurement] = await measureTimes(system, { ...load, times: 1 })
  return measurement
}

/** The same, so many times on the same connections. */
export async function measureTimes(system: System, load: Load): Promise<Measurement[]> {
  await using generators = new Generators(system, load)
  const measurements: Measurement[] = []
  for (let time = load.times ?? 1; time > 0; time--) measurements.push(await measureOnce(system, load.shape, generators))
  return measurements
}

/** What generators tell of their next measured time, and what it cost. `meanwhile` is called when it has begun. */
export async function measureOnce(
  system: System,
  shape: Shape,
  generators: Generators,
  meanwhile = async (): Promise<void> => {},
): Promise<Measurement> {
  const opened = await generators.measuring()
  const before = cpuOf(system.processes)
  const machineBefore = machineCpuSeconds()
  const [results] = await Promise.all([generators.results(), meanwhile()])
  const after = cpuOf(system.processes)
  const machineAfter = machineCpuSeconds()
  for (const result of results) refuseFailures(shape, result)
  const entries = Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? Number.NaN)] as const)
  const cpu = Object.fromEntries(entries.filter(([, seconds]) => !Number.isNaN(seconds)))
  const merged = merge(results)
  const otherCpuSeconds = othersBetween(machineBefore, machineAfter, cpu, merged.generatorCpuSeconds)
  return { ...merged, cpu, otherCpuSeconds, openedInMs: Math.max(...opened.map(({ openedInMs }) => openedInMs)) }
}

/** The figures of generators that ran side by side. */
export function merge(results: readonly GeneratorResult[]): Omit<Measurement, 'cpu' | 'otherCpuSeconds' | 'openedInMs'> {
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
  const read = Object.entries(processes).map(([name, pids]) => {
    const each = [pids].flat().map(cpuSeconds)
    return [name, each.every(seconds => seconds !== undefined) ? each.reduce((sum, seconds) => sum + seconds, 0) : undefined] as const
  })
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
