// Axes whose sizes share one system: payloads, connections and workers.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Point } from '../capacity/study.ts'
import { JOIN_MS, MAX_DEPTH } from '../limits.ts'
import { DEEP } from '../shapes.ts'
import type { System } from '../subject.ts'
import { waitHead, waitingOpcode } from '../waiting.ts'
import { type GrowthRun, measureSteps, type Step, shapeOf } from './growth-run.ts'
import { ECHO_PLACES, FEW_PLACES } from './growth-services.ts'

const MIB = 1 << 20
const SIZES = [16, 200, 1_024, 16_384, 262_144, MIB] as const
const PAYLOAD_SESSIONS = 16
/** Of all sessions together; a session's window has 8 MiB. */
const OUTSTANDING_BYTES = 32 * MIB
const CONNECTIONS = [1, 10, 100, 1_000] as const
const WORKERS = [1, 2, 4, 8] as const
const HANDLER_MS = 20
/** Outstanding requests for each place, so that none is ever idle. */
const FOR_EACH_PLACE = 4
const WAITING_SESSIONS = 256

/** Of the service that echoes at once. */
export const ECHO = { opcode: waitingOpcode(ECHO_PLACES) } as const

export function measurePayloads(system: System, run: GrowthRun): Promise<Point[]> {
  const steps = SIZES.map((size): Step => {
    const outstanding = Math.min(MAX_DEPTH, Math.max(PAYLOAD_SESSIONS, Math.floor(OUTSTANDING_BYTES / size)))
    return {
      at: size,
      load: { shape: shapeOf(PAYLOAD_SESSIONS, Math.floor(outstanding / PAYLOAD_SESSIONS)), size, own: { ...ECHO, head: waitHead(0) } },
      more: ({ perSecond }) => ({ mibPerSecond: (perSecond * size) / MIB }),
    }
  })
  return measureSteps(system, steps, run)
}

export function measureConnections(system: System, run: GrowthRun): Promise<Point[]> {
  const steps = CONNECTIONS.map((count): Step => ({ at: count, load: { shape: shapeOf(count, 1), own: { ...ECHO, head: waitHead(0) } } }))
  return measureSteps(system, steps, run)
}

/** Of a system with one worker; leaves it with eight. */
export async function measureWorkers(system: System, run: GrowthRun): Promise<Point[]> {
  const points: Point[] = []
  let running = 1
  for (const count of WORKERS) {
    const joining = count - running
    await Promise.all(Array.from({ length: joining }, () => system.addWorker!()))
    if (joining > 0) await sleep(JOIN_MS)
    running = count
    points.push(...(await measureSteps(system, stepsOf(count), run)))
  }
  return points
}

function stepsOf(workers: number): Step[] {
  const places = workers * FEW_PLACES
  const sessions = Math.min(WAITING_SESSIONS, places * FOR_EACH_PLACE)
  const waiting = { opcode: waitingOpcode(FEW_PLACES), head: waitHead(HANDLER_MS) }
  return [
    { at: workers, line: 'echo', load: { shape: DEEP, own: { ...ECHO, head: waitHead(0) } } },
    { at: workers, line: `${HANDLER_MS} ms`, load: { shape: shapeOf(sessions, (places * FOR_EACH_PLACE) / sessions), own: waiting } },
  ]
}
