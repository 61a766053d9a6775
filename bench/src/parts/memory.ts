import { Generators } from '../generators.ts'
import { READY_TIMEOUT_MS } from '../limits.ts'
import { measureOnce } from '../measure.ts'
import type { Serving } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import type { Shape } from '../shapes.ts'
import { SourceProcess } from '../source-process.ts'
import type { System } from '../subject.ts'
import type { BytesEach, TrialResult } from '../trial.ts'
import type { PartGroup } from './part-group.ts'

const PROBE = new URL('./memory-probe.ts', import.meta.url)
const GATEWAY = new URL('./gateway-server.ts', import.meta.url)
const WS_SERVER = new URL('../peers/ws-server.ts', import.meta.url)

/** Server and clients, by the name of the trial. */
const SERVERS = {
  'gateway, websocket': [GATEWAY, ['websocket'], new URL('./websocket-generator.ts', import.meta.url)],
  'gateway, tcp': [GATEWAY, ['tcp'], new URL('../generator.ts', import.meta.url)],
  'ws server': [WS_SERVER, [], new URL('../peers/ws-generator.ts', import.meta.url)],
} as const

type Name = keyof typeof SERVERS
const NAMES = Object.keys(SERVERS) as Name[]

/** Open before those that are measured, so that code, pools and tables are there. */
const BEFORE = 1_000
const SESSIONS = 10_000
/** After the last one was opened, ms. */
const SETTLE_MS = 2_000
/** Until a process has collected its garbage and told, ms. */
const TOLD_MS = 30_000

export const MEMORY: PartGroup = {
  id: 'memory',
  name: 'Memory',
  what: `what ${SESSIONS.toLocaleString('en')} idle sessions add to a gateway that holds ${BEFORE.toLocaleString('en')} already, whose log and session store keep nothing, and idle connections to a server of the ws library that tracks none; after garbage collections. What the kernel holds for their sockets is in neither. Each run is a new process`,
  names: NAMES,
  start: async () => ({
    trials: NAMES.map(name => ({ name, unit: 'opened', run: () => measureHeld(name) })),
    versions: packageVersions('ws'),
    [Symbol.asyncDispose]: async () => {},
  }),
}

async function measureHeld(name: Name): Promise<TrialResult> {
  const [module, args, generator] = SERVERS[name]
  await using parts = new AsyncDisposableStack()
  const server = new SourceProcess(name, module, args, { probe: PROBE, nodeFlags: ['--expose-gc'] })
  parts.defer(() => server.stop())
  const { port = 0 } = await server.next<Serving>(READY_TIMEOUT_MS)
  const system: System = { port, generator, processes: { server: server.pid }, versions: {}, [Symbol.asyncDispose]: () => server.stop() }
  const held = (): Promise<BytesEach> => server.ask<BytesEach>('held', TOLD_MS)
  const open = async (connections: number): Promise<number> => {
    const shape: Shape = { name: `${connections} idle`, connections, depth: 0, generators: 1 }
    const load = { shape, warmUpMs: SETTLE_MS, measureMs: 1, hold: true }
    const { openedInMs } = await measureOnce(system, shape, parts.use(new Generators(system, load)))
    return openedInMs
  }
  await open(BEFORE)
  const before = await held()
  const openedInMs = await open(SESSIONS)
  const now = await held()
  return { perSecond: (SESSIONS * 1_000) / openedInMs, cpuSecondsPer1000: {}, bytesEach: added(before, now, SESSIONS) }
}

/** By one of so many. */
export const added = (before: BytesEach, now: BytesEach, count: number): BytesEach => ({
  resident: (now.resident - before.resident) / count,
  heapAndExternal: (now.heapAndExternal - before.heapAndExternal) / count,
})
