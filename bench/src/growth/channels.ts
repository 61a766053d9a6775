import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { resultLine } from '../measure-all.ts'
import { startChannelTrials } from '../parts/channel-trials.ts'
import { interleaved } from '../rounds.ts'
import { type GrowthRun, STEP_WARM_UP_MS } from './growth-run.ts'

/** What `bench:parts` measures of channels, beside the loop of writes that the target is set for. */
export async function measureChannels({ rounds, seconds, tell }: GrowthRun): Promise<Found> {
  await using running = await startChannelTrials(seconds, ['gateway', 'socket writes'], STEP_WARM_UP_MS)
  const { trials, versions } = running
  const found = await interleaved(trials, rounds, async (trial, round) => {
    const result = await trial.run()
    tell(resultLine(round, trial, result))
    const { perSecond, perCpuSecond, generatorCpuShare } = result
    return { perSecond, perCpuSecond, generatorCpuShare } as Figures
  })
  return { points: trials.map(({ subscribers, publisher }, index) => pointOf(subscribers, found[index], publisher)), versions }
}
