import { WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import type { Shape } from '../shapes.ts'
import { startSystem } from '../start-system.ts'
import type { System } from '../subject.ts'
import type { RunningTrials, Trial, TrialGroup } from '../trial.ts'
import { measureServer } from './reading-path.ts'
import { startTrials } from './start-trials.ts'

const GENERATOR = new URL('./channel-generator.ts', import.meta.url)
/** Who publishes, by the name of its trials. */
const PUBLISHERS = {
  gateway: [new URL('./channel-gateway.ts', import.meta.url), ''],
  'socket writes': [new URL('./channel-writes.ts', import.meta.url), ''],
  'joined writes': [new URL('./channel-writes.ts', import.meta.url), 'joined'],
} as const

/** Subscribers, and messages under way: few to many, many to few, so that a publisher never waits for one reader. */
const LOADS = [
  [1, 256],
  [10, 64],
  [100, 16],
  [1_000, 4],
  [10_000, 2],
] as const

/** `seconds`: measured time of a trial. */
export const channelTrials = (seconds: number): TrialGroup => ({
  id: 'channels',
  name: 'Channels',
  what: `deliveries of one channel’s messages, 200 B each, to so many subscribers on one gateway whose process publishes them to a store that keeps nothing; beside it a loop of socket writes of the same bytes to as many sockets, a write for each message, and one that joins the messages that are due together, as the gateway does. A message counts as over when all subscribers have it; so many are under way at any time: ${LOADS.map(([, depth]) => depth).join(', ')}`,
  start: () => startChannelTrials(seconds),
})

export type Publisher = keyof typeof PUBLISHERS
const ALL: readonly Publisher[] = ['gateway', 'socket writes', 'joined writes']

export interface ChannelTrial extends Trial {
  publisher: Publisher
  subscribers: number
}

export interface RunningChannelTrials extends RunningTrials {
  trials: ChannelTrial[]
}

/** The same trials of some publishers; `warmUpMs` is the load before each. */
export const startChannelTrials = (seconds: number, publishers = ALL, warmUpMs = WARM_UP_MS): Promise<RunningChannelTrials> =>
  startTrials(async parts => {
    const systems: [Publisher, System][] = []
    for (const publisher of publishers) {
      const [module, way] = PUBLISHERS[publisher]
      systems.push([publisher, parts.use(await startPublisher(publisher, module, way))])
    }
    const trials = LOADS.flatMap(([subscribers, depth]) =>
      systems.map(([publisher, system]) => ({
        ...{ publisher, subscribers },
        name: `${publisher}, ${subscribers.toLocaleString('en')}`,
        unit: 'deliveries',
        run: () => measureServer(system, shapeOf(subscribers, depth), seconds, warmUpMs),
      })),
    )
    return { trials, versions: {} }
  })

const startPublisher = (name: string, module: URL, way: string): Promise<System> =>
  startSystem(async parts => {
    const { pid, port } = await startNode(parts, `publisher by ${name}`, module, [way])
    return { port, generator: GENERATOR, processes: { server: pid }, versions: {} }
  })

const shapeOf = (connections: number, depth: number): Shape => ({
  ...{ connections, depth, generators: 1 },
  name: `${connections} subscribers`,
})
