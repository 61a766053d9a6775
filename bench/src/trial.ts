import type { Task } from './rounds.ts'
import type { Spread } from './statistics.ts'
import { median, spread } from './statistics.ts'

/** What one run of a trial has found. */
export interface TrialResult {
  perSecond: number
  /** Where it measures each unit. */
  p50Ms?: number
  p99Ms?: number
  /** CPU seconds for 1,000 units, by process; without those that could not be read. */
  cpuSecondsPer1000: Record<string, number>
  /** Units for each CPU second of the process that is measured, where others put the load on it. */
  perCpuSecond?: number
  /** Share of one core that those used. */
  generatorCpuShare?: number
  /** Where units stay: what each holds in memory. */
  bytesEach?: BytesEach
}

/** Bytes of a process. */
export interface BytesEach {
  /** RSS. */
  resident: number
  /** Of V8, and what belongs to its objects outside of it. */
  heapAndExternal: number
}

/** A part measured by itself, by its own tool or in a loop: no round trips through a system. */
export interface Trial extends Task<TrialResult> {
  /** What is counted: records, objects. */
  unit: string
}

/** Trials that are compared with each other and share what they need. */
export interface TrialGroup {
  /** For `--only`. */
  id: string
  /** For the report. */
  name: string
  /** What the trials do, and what is durable when a unit counts. */
  what: string
  /** Rejects as a subject's start does. */
  start(): Promise<RunningTrials>
}

export interface RunningTrials extends AsyncDisposable {
  trials: Trial[]
  versions: Record<string, string>
}

/** A line of the report: medians over the rounds. */
export interface TrialRow {
  name: string
  unit: string
  perSecond: Spread
  p50Ms?: Spread
  p99Ms?: Spread
  cpuSecondsPer1000: Record<string, number>
  perCpuSecond?: Spread
  generatorCpuShare?: number
  bytesEach?: { [kind in keyof BytesEach]: Spread }
}

/** Of results that are not none. */
export function trialRow({ name, unit }: Trial, results: readonly TrialResult[]): TrialRow {
  const spreadOf = (figure: 'p50Ms' | 'p99Ms' | 'perCpuSecond' | 'generatorCpuShare'): Spread | undefined => {
    const values = results.flatMap(result => result[figure] ?? [])
    return values.length > 0 ? spread(values) : undefined
  }
  const bytes = results.flatMap(({ bytesEach }) => bytesEach ?? [])
  const bytesOf = (kind: keyof BytesEach): Spread => spread(bytes.map(each => each[kind]))
  const processes = Object.keys(results[0].cpuSecondsPer1000)
  const cpu = processes.map(each => [each, median(results.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000[each]))] as const)
  return {
    name,
    unit,
    perSecond: spread(results.map(({ perSecond }) => perSecond)),
    p50Ms: spreadOf('p50Ms'),
    p99Ms: spreadOf('p99Ms'),
    cpuSecondsPer1000: Object.fromEntries(cpu),
    perCpuSecond: spreadOf('perCpuSecond'),
    generatorCpuShare: spreadOf('generatorCpuShare')?.median,
    ...(bytes.length > 0 && { bytesEach: { resident: bytesOf('resident'), heapAndExternal: bytesOf('heapAndExternal') } }),
  }
}
