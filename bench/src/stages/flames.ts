import { setTimeout as sleep } from 'node:timers/promises'
import { causewayEmbedded, causewayOn, type RealOptions } from '../causeway.ts'
import { Generators } from '../generators.ts'
import { CAUSEWAY_WARM_UP_MS, WARM_UP_MS } from '../limits.ts'
import { measureOnce } from '../measure.ts'
import { DEEP } from '../shapes.ts'
import type { Subject } from '../subject.ts'
import { type Flame, foldProfile } from './flame-tree.ts'
import { PROBE_TIMEOUT_MS, PROFILE_INTERVAL_US, PROFILED } from './limits.ts'
import type { Question } from './probe-questions.ts'
import type { Profile } from './profile.ts'

/** What one process did under load. */
export interface ProcessFlames {
  /** gateway, worker or embedded: of its file too. */
  id: string
  root: Flame
  /** Share of the measured time in which it had anything to do. */
  busy: number
}

export interface FlamesResult {
  processes: ProcessFlames[]
  /** While the profilers ran. */
  roundTripsPerSecond: number
  versions: Record<string, string>
}

export const PROBE = new URL('./probe.ts', import.meta.url)

export const flamesOfReal = (seconds: number, options: Pick<RealOptions, 'client'>): Promise<FlamesResult> =>
  flamesOf(causewayOn({ ...options, aof: 'everysec', probe: PROBE }), seconds)

export const flamesOfEmbedded = (seconds: number): Promise<FlamesResult> => flamesOf(causewayEmbedded({ probe: PROBE }), seconds)

/** Profiles the processes of a system, all at a time, under the deep shape. */
async function flamesOf(subject: Subject, seconds: number): Promise<FlamesResult> {
  await using system = await subject.start()
  const load = { shape: DEEP, warmUpMs: CAUSEWAY_WARM_UP_MS + WARM_UP_MS, measureMs: seconds * 1_000 }
  await using generators = new Generators(system, load)
  const probes = Object.entries(system.probes!)
  const askAll = <T>(question: Question): Promise<T[]> => Promise.all(probes.map(([, probe]) => probe.ask<T>(question, PROBE_TIMEOUT_MS)))
  let profiles: Profile[] = []
  const { roundTrips, seconds: took } = await measureOnce(system, DEEP, generators, async () => {
    await askAll({ ask: 'profile', intervalUs: PROFILE_INTERVAL_US })
    await sleep(load.measureMs * PROFILED)
    profiles = await askAll<Profile>({ ask: 'profiled' })
  })
  const processes = probes.map(([name], index) => {
    const root = foldProfile(profiles[index], name)
    const wholeUs = profiles[index].timeDeltas.reduce((sum, each) => sum + Math.max(0, each), 0)
    return { id: name === 'causeway' ? 'embedded' : name, root, busy: root.totalUs / wholeUs }
  })
  return { processes, roundTripsPerSecond: roundTrips / took, versions: system.versions }
}
