import { cpuSeconds } from '../cpu.ts'
import { READY_TIMEOUT_MS } from '../limits.ts'
import { SourceProcess } from '../source-process.ts'
import type { TrialResult } from '../trial.ts'

/** What one run of a part has found: a process of its own, so that none shares another's compiled code. */
export interface PartRun {
  units: number
  seconds: number
  /** CPU seconds meanwhile, by process; without those that could not be read. */
  cpu: Record<string, number>
}

export interface PartModule {
  /** For messages. */
  name: string
  /** Prints its PartRun as a JSON line once it is over and has closed what it opened. */
  module: URL
  args: readonly (string | number)[]
  /** How long it may take beyond its start, ms. */
  withinMs: number
}

/** Rejects with the end of its stderr where it fails or takes longer. */
export async function runPart({ name, module, args, withinMs }: PartModule): Promise<PartRun> {
  const process = new SourceProcess(name, module, args.map(String))
  try {
    return await process.next<PartRun>(READY_TIMEOUT_MS + withinMs)
  } finally {
    await process.stop()
  }
}

/** By CPU second of the processes named, or, where one of them could not be read, not. */
export function resultOf({ units, seconds, cpu }: PartRun, counted: readonly string[]): TrialResult {
  const used = counted.reduce((sum, name) => sum + (cpu[name] ?? Number.NaN), 0)
  return {
    perSecond: units / seconds,
    cpuSecondsPer1000: Object.fromEntries(Object.entries(cpu).map(([name, each]) => [name, (each * 1_000) / units])),
    ...(used > 0 && { perCpuSecond: units / used }),
  }
}

/** For such a module: what is measured from the moment it is made. */
export class PartClock {
  readonly #name: string
  readonly #others: Readonly<Record<string, number>>
  readonly #from = performance.now()
  readonly #cpu = process.cpuUsage()
  readonly #before: Record<string, number | undefined>

  /** `name` of its own process, and the process ids of `others`. */
  constructor(name: string, others: Readonly<Record<string, number>> = {}) {
    this.#name = name
    this.#others = others
    this.#before = this.#read()
  }

  over(units: number): PartRun {
    const seconds = (performance.now() - this.#from) / 1_000
    const { user, system } = process.cpuUsage(this.#cpu)
    const cpu: Record<string, number> = { [this.#name]: (user + system) / 1e6 }
    for (const [name, after] of Object.entries(this.#read())) {
      const before = this.#before[name]
      if (before !== undefined && after !== undefined) cpu[name] = after - before
    }
    return { units, seconds, cpu }
  }

  #read(): Record<string, number | undefined> {
    return Object.fromEntries(Object.entries(this.#others).map(([name, pid]) => [name, cpuSeconds(pid)]))
  }
}

/** For such a module, at its end. */
export const tellRun = (run: PartRun): void => void process.stdout.write(`${JSON.stringify(run)}\n`)
