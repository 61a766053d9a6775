import type { Found } from '../capacity/run-studies.ts'
import type { Point } from '../capacity/study.ts'
import { causewayOn } from '../causeway.ts'
import { DEEP } from '../shapes.ts'
import { type GrowthRun, measureSteps, REAL, warm } from './growth-run.ts'

const PARTITIONS = [1, 4, 16, 64] as const
/** Four systems have to be warmed up: a third of what one has. */
const WARM_UP_MS = 5_000

/** A system for each size: a topic keeps the partitions that it was made with. */
export async function measurePartitions(run: GrowthRun): Promise<Found> {
  const points: Point[] = []
  let versions = {}
  for (const count of PARTITIONS) {
    await using system = await causewayOn({ ...REAL, flags: ['--partitions', String(count)] }).start()
    versions = system.versions
    await warm(system, WARM_UP_MS)
    points.push(...(await measureSteps(system, [{ at: count, load: { shape: DEEP } }], run)))
  }
  return { points, versions }
}
