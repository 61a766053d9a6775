import { figuresOf } from '../capacity/figures.ts'
import { type Figures, type Point, pointOf } from '../capacity/study.ts'
import type { Load } from '../generators.ts'
import { measure } from '../measure.ts'
import { interleaved } from '../rounds.ts'
import { DEEP, type Shape } from '../shapes.ts'
import type { System } from '../subject.ts'

export interface GrowthRun {
  rounds: number
  /** Measured time of a round, s. */
  seconds: number
  /** Most sessions. */
  sessions: number
  tell(line: string): void
}

/** Load before each measured time, ms: systems are warm, sizes change. */
export const STEP_WARM_UP_MS = 500
/** Load on a system before its first size, ms. */
const GROWTH_WARM_UP_MS = 10_000
/** How a system is started here: what compares is the size, not the client. */
export const REAL = { client: 'kafkajs', aof: 'everysec' } as const

/** A load at one size. */
export interface Step {
  at: number
  line?: string
  load: Omit<Load, 'warmUpMs' | 'measureMs'>
  /** Figures beside those of the round trips. */
  more?(figures: Figures): Figures
}

export const shapeOf = (connections: number, depth: number, generators = 1): Shape => ({
  ...{ connections, depth, generators },
  name: `${connections} x ${depth}`,
})

/** All sizes in turn, round after round. */
export async function measureSteps(system: System, steps: readonly Step[], run: GrowthRun): Promise<Point[]> {
  const found = await interleaved(steps, run.rounds, async ({ at, line, load, more = () => ({}) }, round) => {
    const figures = figuresOf(await measure(system, { ...load, warmUpMs: STEP_WARM_UP_MS, measureMs: run.seconds * 1_000 }))
    run.tell(`round ${round}: ${line === undefined ? '' : `${line}, `}${at}: ${Math.round(figures.perSecond)}/s`)
    return { ...figures, ...more(figures) }
  })
  return steps.map(({ at, line }, index) => pointOf(at, found[index], line))
}

/** Until Kafka's and our own code is compiled. */
export const warm = (system: System, warmUpMs = GROWTH_WARM_UP_MS, load: Partial<Load> = {}): Promise<unknown> =>
  measure(system, { shape: DEEP, warmUpMs, measureMs: 1, ...load })
