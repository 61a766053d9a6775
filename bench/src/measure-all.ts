import { WARM_UP_MS } from './limits.ts'
import { type Measurement, measure } from './measure.ts'
import type { Task } from './rounds.ts'
import type { Shape } from './shapes.ts'
import type { Subject, System } from './subject.ts'
import type { TrialResult } from './trial.ts'

/** A subject whose system runs. */
export interface Running {
  subject: Subject
  system: System
}

/** One shape on one system. */
export interface ShapeTask extends Task<Measurement> {
  subject: Subject
  shape: Shape
}

/** Puts the last shape, the heaviest, on each system in turn until its code is compiled. */
export async function warmUp(running: readonly Running[], shapes: readonly Shape[], tell: (line: string) => void): Promise<void> {
  for (const { subject, system } of running) {
    tell(`warming up ${subject.name} for ${subject.firstWarmUpMs / 1_000} s`)
    await measure(system, { shape: shapes[shapes.length - 1], warmUpMs: subject.firstWarmUpMs, measureMs: 1 })
  }
}

/** Shape by shape, the systems beside each other, so that those that are compared are measured close together. */
export function shapeTasks(running: readonly Running[], shapes: readonly Shape[], seconds: number): ShapeTask[] {
  return shapes.flatMap(shape =>
    running.map(({ subject, system }) => ({
      name: `${subject.name}, ${shape.name}`,
      subject,
      shape,
      run: () => measure(system, { shape, warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 }),
    })),
  )
}

/** A line on a result, for whoever waits. */
export function resultLine(round: number, { name }: Task<unknown>, result: unknown): string {
  if (result instanceof Error) return `round ${round}: ${name} failed: ${result.message}`
  const { roundTrips, seconds, perSecond } = result as Partial<Measurement & TrialResult>
  return `round ${round}: ${name} ${Math.round(perSecond ?? roundTrips! / seconds!)}/s`
}
