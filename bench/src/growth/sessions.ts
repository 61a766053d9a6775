// Axes of sessions: idle ones, their upkeep, active ones.
import { setTimeout as sleep } from 'node:timers/promises'
import { figuresOf } from '../capacity/figures.ts'
import { ACTIVE_RATE } from '../capacity/growth-studies.ts'
import { IDLE_PACE_FLAGS } from '../capacity/pace.ts'
import type { Found } from '../capacity/run-studies.ts'
import { type Figures, type Point, pointOf } from '../capacity/study.ts'
import { causewayOn } from '../causeway.ts'
import { Generators } from '../generators.ts'
import { MOST_CONNECTIONS } from '../limits.ts'
import { type Measurement, measureOnce } from '../measure.ts'
import { descriptors, residentBytes } from '../process-status.ts'
import { redisInfo } from '../redis-info.ts'
import { DEEP, type Shape } from '../shapes.ts'
import type { System } from '../subject.ts'
import { type GrowthRun, REAL, STEP_WARM_UP_MS, shapeOf, warm } from './growth-run.ts'

/** Sizes below the most that is asked for. */
const SESSIONS = [100, 1_000, 10_000] as const
const UPKEPT = [500] as const
const MOST_UPKEPT = 10_000
/** Until memory that is not needed is given back, ms. */
const SETTLE_MS = 2_000
/** In which the CPU of idle sessions is measured, ms. */
const IDLE_MS = 3_000
/** Several rounds of PINGs at their quick pace, ms. */
const UPKEEP_MS = 4_500
/** Until sessions that are opened at a time are pinged evenly, ms. */
const UPKEEP_WARM_UP_MS = 2_000
/** Load on a system whose sessions were idle, before they are active, ms. */
const SESSIONS_WARM_UP_MS = 7_000
const KIB = 1_024
const MIB = 1 << 20
/** No bound on connections a second: it is no storm that is measured. */
const AT_ONCE = ['--accept-rate', '0']

/** So many gateways that each has at most MOST_CONNECTIONS of the sessions. */
export const startForSessions = (sessions: number): Promise<System> =>
  causewayOn({ ...REAL, gateways: Math.ceil(sessions / MOST_CONNECTIONS), gatewayFlags: AT_ONCE }).start()

/** Ascending, up to what was asked for. */
export const countsUpTo = (most: number, counts: readonly number[] = SESSIONS): number[] =>
  [...counts.filter(count => count < most), most].toSorted((a, b) => a - b)

const spread = (system: System, sessions: number, depth: number): Shape => shapeOf(sessions, depth, system.ports!.length)
const pidsOf = (system: System, name: string): number[] => [system.processes[name]].flat() as number[]
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

interface Holding {
  gatewayBytes: number
  descriptors: number
  redisBytes: number
}

async function holdingOf(system: System): Promise<Holding> {
  const gateways = pidsOf(system, 'gateway')
  const { used_memory } = await redisInfo(system.redis!, 'memory')
  return {
    gatewayBytes: sum(gateways.map(residentBytes)),
    descriptors: sum(gateways.map(descriptors)),
    redisBytes: Number(used_memory),
  }
}

/** Of a system that has had no load: else it has memory to give. Those of a size stay while the next are opened. */
export async function measureIdle(system: System, run: GrowthRun): Promise<Found> {
  await using held = new AsyncDisposableStack()
  await sleep(SETTLE_MS)
  const before = await holdingOf(system)
  const points: Point[] = []
  let open = 0
  for (const count of countsUpTo(run.sessions)) {
    const shape = spread(system, count - open, 0)
    const load = { shape, warmUpMs: SETTLE_MS, measureMs: IDLE_MS, hold: true }
    const generators = held.use(new Generators(system, load))
    let now = before
    const measured = await measureOnce(system, shape, generators, async () => {
      now = await holdingOf(system)
    })
    const gateways = pidsOf(system, 'gateway').length
    points.push(
      pointOf(count, [
        {
          ...heldEach(count, before, now),
          gatewayBaseMiB: before.gatewayBytes / MIB / gateways,
          openedPerSecond: ((count - open) * 1_000) / measured.openedInMs,
          ...coresOf(measured),
        },
      ]),
    )
    open = count
    run.tell(`${count} idle sessions`)
  }
  return { points, versions: system.versions, rounds: 1, seconds: IDLE_MS / 1_000 }
}

/** What sessions hold beyond what there was without them. */
export function heldEach(sessions: number, before: Holding, now: Holding): Figures {
  const [gateway, redis] = [now.gatewayBytes - before.gatewayBytes, now.redisBytes - before.redisBytes]
  return {
    gatewayMiB: gateway / MIB,
    gatewayKiB: gateway / sessions / KIB,
    redisKiB: redis / sessions / KIB,
    descriptors: (now.descriptors - before.descriptors) / sessions,
  }
}

/** Cores at work. */
const coresOf = ({ cpu, seconds }: Measurement): Figures => ({
  gatewayCpu: cpu.gateway / seconds,
  redisCpu: cpu.Redis / seconds,
  kafkaCpu: cpu.Kafka / seconds,
})

export async function measureUpkeep(run: GrowthRun): Promise<Found> {
  await using system = await causewayOn({ ...REAL, gatewayFlags: [...AT_ONCE, ...IDLE_PACE_FLAGS] }).start()
  const points: Point[] = []
  for (const count of countsUpTo(Math.min(run.sessions, MOST_UPKEPT), UPKEPT)) {
    const shape = spread(system, count, 0)
    const own = { heartbeats: true }
    await using generators = new Generators(system, { shape, warmUpMs: UPKEEP_WARM_UP_MS, measureMs: UPKEEP_MS, own })
    let redisOpsPerSecond = 0
    const measured = await measureOnce(system, shape, generators, async () => {
      redisOpsPerSecond = await redisCommands(system, UPKEEP_MS)
    })
    const { roundTrips, seconds, generatorCpuShare } = measured
    points.push(pointOf(count, [{ heartbeatsPerSecond: roundTrips / seconds, redisOpsPerSecond, generatorCpuShare, ...coresOf(measured) }]))
    run.tell(`${count} sessions kept up, ${Math.round(roundTrips / seconds)} PINGs a second`)
  }
  return { points, versions: system.versions, rounds: 1, seconds: UPKEEP_MS / 1_000 }
}

/** Commands a second, those of scripts included, in most of so many ms. */
async function redisCommands(system: System, ms: number): Promise<number> {
  const total = async (): Promise<[at: number, commands: number]> => {
    const { total_commands_processed } = await redisInfo(system.redis!, 'stats')
    return [performance.now(), Number(total_commands_processed)]
  }
  const [from, before] = await total()
  await sleep(ms * 0.8)
  const [to, after] = await total()
  return ((after - before) * 1_000) / (to - from)
}

/** The same requests a second from more and more sessions, which are opened once for all rounds. */
export async function measureActive(system: System, run: GrowthRun): Promise<Found> {
  const points: Point[] = []
  const measureMs = run.seconds * 1_000
  await warm(system, SESSIONS_WARM_UP_MS, { shape: spread(system, DEEP.connections, DEEP.depth) })
  for (const count of countsUpTo(run.sessions)) {
    const shape = spread(system, count, 0)
    const own = { everyMs: (count * 1_000) / ACTIVE_RATE }
    await using generators = new Generators(system, { shape, warmUpMs: STEP_WARM_UP_MS, measureMs, own, times: run.rounds })
    const runs: Figures[] = []
    for (let round = 0; round < run.rounds; round++) {
      let redisOpsPerSecond = 0
      const measured = await measureOnce(system, shape, generators, async () => {
        redisOpsPerSecond = await redisCommands(system, measureMs)
      })
      runs.push({ ...figuresOf(measured), redisOpsPerSecond })
    }
    points.push(pointOf(count, runs))
    run.tell(`${count} active sessions: p99 ${runs[0].p99Ms.toFixed(1)} ms`)
  }
  return { points, versions: system.versions }
}
