import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import type { Shape } from '../shapes.ts'
import { startSystem } from '../start-system.ts'
import type { System } from '../subject.ts'
import type { RunningTrials } from '../trial.ts'
import type { PartGroup } from './part-group.ts'
import { measureServer } from './reading-path.ts'
import { startTrials } from './start-trials.ts'

const GATEWAY = new URL('./connect-gateway.ts', import.meta.url)
const WS_SERVER = new URL('../peers/ws-server.ts', import.meta.url)

/** Server and load, by the name of the trial. */
const SERVERS = {
  'gateway, websocket': [GATEWAY, ['websocket'], new URL('./connect-websocket-generator.ts', import.meta.url)],
  'gateway, tcp': [GATEWAY, ['tcp'], new URL('./connect-tcp-generator.ts', import.meta.url)],
  'ws upgrade': [WS_SERVER, [], new URL('./connect-upgrade-generator.ts', import.meta.url)],
} as const

type Name = keyof typeof SERVERS
const NAMES = Object.keys(SERVERS) as Name[]
const AT_A_TIME: Shape = { name: '64 at a time', connections: 64, depth: 1, generators: 1 }

/** `seconds`: measured time of a trial. */
export const connections = (seconds: number): PartGroup => ({
  id: 'connect',
  name: 'Connections',
  what: `new connections, ${AT_A_TIME.connections} at a time, each closed again in order before the next one. On the gateway, whose log and session store keep nothing, each makes a session: SYN with a token (JWT, HS256) that the gateway has not seen before and verifies, SYN_ACK, ACK; over WebSocket after the upgrade of causeway.v2. Beside it a server of the ws library, where each is upgraded and nothing is said or verified`,
  names: NAMES,
  start: () => startConnections(seconds),
})

function startConnections(seconds: number): Promise<RunningTrials> {
  return startTrials(async parts => {
    const trials = []
    for (const name of NAMES) {
      const system = parts.use(await start(name))
      trials.push({ name, unit: 'connections', run: () => measureServer(system, AT_A_TIME, seconds, PEER_WARM_UP_MS) })
    }
    return { trials, versions: packageVersions('ws') }
  })
}

function start(name: Name): Promise<System> {
  const [module, args, generator] = SERVERS[name]
  return startSystem(async parts => {
    const { pid, port } = await startNode(parts, name, module, args)
    return { port, generator, processes: { server: pid }, versions: {} }
  })
}
