import { startRedis } from '@causeway/test-backends'
import { GENERATOR_GRACE_MS, PEER_WARM_UP_MS } from '../limits.ts'
import { packageVersions } from '../package-version.ts'
import { redisInfo } from '../redis-info.ts'
import { PAYLOAD_SIZE } from '../shapes.ts'
import type { RunningTrials, TrialResult } from '../trial.ts'
import { OUTSTANDING, RENEW_MS, SESSIONS, TURN, type Way } from './fan-back-load.ts'
import type { PartGroup } from './part-group.ts'
import { resultOf, runPart } from './part-run.ts'
import { startTrials } from './start-trials.ts'

const RUN = new URL('./fan-back-run.ts', import.meta.url)
/** By the name of its trial. */
const WAYS: Readonly<Record<string, Way>> = { 'finish script': 'finish', 'PUBLISH each': 'publish', 'XADD and PUBLISH each': 'store' }

/** `seconds`: measured time of a trial. */
export const fanBack = (seconds: number): PartGroup => ({
  id: 'fan-back',
  name: 'Fan-back',
  what: `answers of ${PAYLOAD_SIZE} B from one worker back to one gateway, by way of Redis, until the gateway has read and decoded them; ${SESSIONS} sessions, ${TURN} answers a turn, at most ${OUTSTANDING.toLocaleString('en')} under way. Ours is the finish script: fenced, ended once, numbered, counted, stored in each session’s outbox and told in one message a turn; the gateway acknowledges each ${RENEW_MS} ms, which takes them out again. Beside it a PUBLISH for each answer (ioredis, auto-pipelining) and a message for each to its subscriber: nothing is stored, numbered or fenced, and what is missed is lost; and the same after an XADD of each to its session’s stream, which stores, and neither fences nor ends anything once. By CPU second is of Redis and both sides together; each run is a new process with a thread for each side, after ${PEER_WARM_UP_MS / 1_000} s of the same load`,
  needs: ['Redis'],
  names: Object.keys(WAYS),
  start: () => startFanBack(seconds * 1_000),
})

function startFanBack(measureMs: number): Promise<RunningTrials> {
  return startTrials(async parts => {
    const { address, pid } = parts.use(await startRedis())
    const run = async (way: Way): Promise<TrialResult> => {
      const args = [way, address, pid, PEER_WARM_UP_MS, measureMs]
      const withinMs = PEER_WARM_UP_MS + measureMs + GENERATOR_GRACE_MS
      return resultOf(await runPart({ name: `fan-back by ${way}`, module: RUN, args, withinMs }), ['Redis', 'both sides'])
    }
    const trials = Object.entries(WAYS).map(([name, way]) => ({ name, unit: 'answers', run: () => run(way) }))
    return { trials, versions: { Redis: (await redisInfo(address, 'server')).redis_version, ...packageVersions('ioredis') } }
  })
}
