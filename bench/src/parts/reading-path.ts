import { PEER_WARM_UP_MS, WARM_UP_MS } from '../limits.ts'
import { measure } from '../measure.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { NET } from '../peers/net.ts'
import { WS } from '../peers/ws.ts'
import { BROAD, DEEP, type Shape } from '../shapes.ts'
import { startSystem } from '../start-system.ts'
import type { System } from '../subject.ts'
import type { RunningTrials, Trial, TrialGroup } from '../trial.ts'
import { startTrials } from './start-trials.ts'

type Carried = 'tcp' | 'websocket'

const SERVER = new URL('./gateway-server.ts', import.meta.url)
const GENERATORS = {
  tcp: new URL('../generator.ts', import.meta.url),
  websocket: new URL('./websocket-generator.ts', import.meta.url),
} as const
const ECHOES = { tcp: NET, websocket: WS } as const
const WHAT =
  'the gateway alone: the real one, on a log and a session store in its own process that keep nothing and answer each record at once with an echo; decode, admit, append, deliver and write are left, without Kafka, Redis or worker. 200 B each way. Beside it a bare echo that cuts whole frames out of each read and answers them in one write, and an echo by the ws library, a message for each frame; the gateway’s WebSocket messages hold the frames of a write (causeway.v2)'

/** `seconds`: measured time of a trial. */
export const readingPath = (seconds: number): TrialGroup => ({
  id: 'reading-path',
  name: 'Reading path',
  what: WHAT,
  start: () => startAll(seconds),
})

const startAll = (seconds: number): Promise<RunningTrials> =>
  startTrials(async parts => {
    const trials: Trial[] = []
    for (const carried of ['tcp', 'websocket'] as const) {
      const gateway = await warm(parts.use(await startGateway(carried)))
      const echo = await warm(parts.use(await ECHOES[carried].start()))
      for (const shape of [BROAD, DEEP]) {
        trials.push(trial(`gateway, ${carried}, ${shape.name}`, gateway, shape, seconds))
        trials.push(trial(`${ECHOES[carried].name}, ${shape.name}`, echo, shape, seconds))
      }
    }
    return { trials, versions: packageVersions('ws') }
  })

const startGateway = (carried: Carried): Promise<System> =>
  startSystem(async parts => {
    const { pid, port } = await startNode(parts, `gateway over ${carried}`, SERVER, [carried])
    return { port, generator: GENERATORS[carried], processes: { server: pid }, versions: {} }
  })

async function warm(system: System): Promise<System> {
  await measure(system, { shape: DEEP, warmUpMs: PEER_WARM_UP_MS, measureMs: 1 })
  return system
}

const trial = (name: string, system: System, shape: Shape, seconds: number): Trial => ({
  name,
  unit: 'frames',
  run: () => measureServer(system, shape, seconds),
})

/** The figures of one server under a load of others. */
export async function measureServer(system: System, shape: Shape, seconds: number, warmUpMs = WARM_UP_MS) {
  const measured = await measure(system, { shape, warmUpMs, measureMs: seconds * 1_000 })
  const { roundTrips, cpu, generatorCpuShare } = measured
  const { server } = cpu
  if (roundTrips === 0 || !(server > 0)) throw new Error(`${shape.name}: ${roundTrips} answers in ${server} CPU s: it stood still`)
  return {
    perSecond: roundTrips / measured.seconds,
    cpuSecondsPer1000: { server: (server * 1_000) / roundTrips },
    perCpuSecond: roundTrips / server,
    generatorCpuShare,
  }
}
