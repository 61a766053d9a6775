import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { resultLine } from '../measure-all.ts'
import { startChannelTrials } from '../parts/channel-trials.ts'
import { runRounds } from '../rounds.ts'
import { type GrowthRun, STEP_WARM_UP_MS } from './growth-run.ts'

/** What `bench:parts` measures of channels, beside the loop of writes that the target is set for. */
export async function measureChannels({ rounds, seconds, tell }: GrowthRun): Promise<Found> {
  await using running = await startChannelTrials(seconds, ['gateway', 'socket writes'], STEP_WARM_UP_MS)
  const outcomes = await runRounds(running.trials, rounds, (...about) => tell(resultLine(...about)))
  const points = running.trials.map(trial => {
    const { results, failure } = outcomes.get(trial)!
    if (failure !== undefined) throw failure
    const runs = results.map(
      ({ perSecond, perCpuSecond, generatorCpuShare }) => ({ perSecond, perCpuSecond, generatorCpuShare }) as Figures,
    )
    return pointOf(trial.subscribers, runs, trial.publisher)
  })
  return { points, versions: running.versions }
}
