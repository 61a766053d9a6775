import type { Machine } from './machine.ts'
import type { Measurement } from './measure.ts'
import { PAYLOAD_SIZE, type Shape } from './shapes.ts'
import { median, type Spread, spread } from './statistics.ts'
import type { Subject, System } from './subject.ts'

/** One row of the report: medians over the rounds. */
export interface Row {
  shape: string
  roundTripsPerSecond: Spread
  p50Ms: Spread
  p99Ms: Spread
  /** CPU seconds for 1,000 round trips, by process; without those that could not be read. */
  cpuSecondsPer1000: Record<string, number>
  /** Share of one core that the busiest generator used; near 1 it is the limit, not what it measures. */
  generatorCpuShare: number
  /** The same of everything else on the machine: what disturbed the measurement. Undefined where it could not be read. */
  otherCpuShare: number | undefined
}

export interface Report {
  machine: Machine
  versions: Record<string, string>
  path: string
  durability: string
  payloadBytes: number
  generator: string
  rounds: number
  seconds: number
  rows: Row[]
}

export const GENERATOR = 'a Node process of its own on the same machine, raw version-2 frames, one write a read'

export function makeReport(
  about: { machine: Machine; subject: Subject; system: System; rounds: number; seconds: number },
  measured: ReadonlyMap<Shape, readonly Measurement[]>,
): Report {
  const { machine, subject, system, rounds, seconds } = about
  const rows = [...measured].map(([shape, measurements]) => rowOf(shape, measurements))
  const { path, durability } = subject
  return { machine, versions: system.versions, path, durability, payloadBytes: PAYLOAD_SIZE, generator: GENERATOR, rounds, seconds, rows }
}

/** Of measurements that are not none. */
export function rowOf({ name }: Shape, measurements: readonly Measurement[]): Row {
  const over = (figure: (measurement: Measurement) => number): number[] => measurements.map(figure)
  const processes = Object.keys(measurements[0].cpu)
  const cpu = processes.map(each => [each, median(over(({ cpu, roundTrips }) => (cpu[each] * 1_000) / roundTrips))] as const)
  return {
    shape: name,
    roundTripsPerSecond: spread(over(({ roundTrips, seconds }) => roundTrips / seconds)),
    p50Ms: spread(over(({ p50Ms }) => p50Ms)),
    p99Ms: spread(over(({ p99Ms }) => p99Ms)),
    cpuSecondsPer1000: Object.fromEntries(cpu),
    generatorCpuShare: median(over(({ generatorCpuShare }) => generatorCpuShare)),
    otherCpuShare: measurements.some(({ otherCpuSeconds }) => otherCpuSeconds === undefined)
      ? undefined
      : median(over(({ otherCpuSeconds, seconds }) => otherCpuSeconds! / seconds)),
  }
}

/** The report for people. */
export function reportText(report: Report): string {
  const { machine, versions, path, durability, payloadBytes, generator, rounds, seconds, rows } = report
  const { cores, processor, memoryGiB, system, node } = machine
  const parts = Object.entries({ Node: node, ...versions }).map(([name, version]) => `${name} ${version}`)
  const processes = Object.keys(rows[0].cpuSecondsPer1000)
  const header = [
    'sessions x depth',
    'round trips/s',
    'p50 ms',
    'p99 ms',
    ...processes.map(each => `${each} CPU s/1,000`),
    'generator CPU',
    'others CPU',
  ]
  const cells = rows.map(row => [
    row.shape,
    spreadText(row.roundTripsPerSecond, value => Math.round(value).toLocaleString('en')),
    spreadText(row.p50Ms, value => value.toFixed(2)),
    spreadText(row.p99Ms, value => value.toFixed(2)),
    ...processes.map(each => row.cpuSecondsPer1000[each].toFixed(3)),
    shareText(row.generatorCpuShare),
    row.otherCpuShare === undefined ? 'not known' : shareText(row.otherCpuShare),
  ])
  return [
    `machine     ${cores} cores, ${processor}, ${memoryGiB} GiB, ${system}; everything on it`,
    `versions    ${parts.join(', ')}`,
    `path        ${path}`,
    `durability  ${durability}`,
    `load        ${payloadBytes} B each way; ${generator}`,
    `figures     median (least to most) of ${rounds} rounds of ${seconds} s`,
    '',
    ...table([header, ...cells]),
    '',
  ].join('\n')
}

export const shareText = (share: number): string => `${Math.round(share * 100)} % of a core`

export const spreadText = ({ median, min, max }: Spread, text: (value: number) => string): string =>
  min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`

/** Columns under each other; the first to the left. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   '))
}
