import { setTimeout as sleep } from 'node:timers/promises'
import { COST, figuresOf, ROUND_TRIPS } from '../capacity/figures.ts'
import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { Generators } from '../generators.ts'
import { STEP_WARM_UP_MS, shapeOf } from '../growth/growth-run.ts'
import { PEER_WARM_UP_MS } from '../limits.ts'
import { measureOnce } from '../measure.ts'
import { startNode } from '../node-part.ts'
import { writeCalls } from '../process-status.ts'
import { interleaved } from '../rounds.ts'
import type { Shape } from '../shapes.ts'
import { startSystem } from '../start-system.ts'
import type { System } from '../subject.ts'
import { type Claim, claimsTable, type Seed, type SeedRun } from './seed.ts'

const SERVER = new URL('./buffering-server.ts', import.meta.url)
const GENERATOR = new URL('../generator.ts', import.meta.url)
const SIZE = 64
const EACH = 'a write each'
const JOINED = 'one write a turn'
const LINES = [EACH, JOINED] as const
const SHAPES: readonly Shape[] = [shapeOf(1, 256), shapeOf(64, 16)]

const claim = (what: string, at: number): Claim => ({
  what,
  article: [15_000, 85_000],
  ours: [
    { line: EACH, at },
    { line: JOINED, at },
  ],
  figure: 'perSecond',
})

export const BUFFERING: Seed = {
  ours: [JOINED],
  study: {
    id: 'buffering',
    title: 'Small writes',
    what: `requests of ${SIZE} B and their echoes at the real gateway (Linux alone, for /proc), on a log and a session store in its own process that keep nothing. *${EACH}*: the client writes each request to its socket by itself, and the gateway each answer; nobody waits for anything. *${JOINED}*: as Causeway does, both write all that a turn of their event loop brings at once. One connection has 256 requests outstanding, 64 have 16 each. The article’s figures are of buffered and unbuffered streams`,
    of: 'connections',
    lines: 'written',
    columns: [...ROUND_TRIPS, COST, { figure: 'writesEach', name: 'writes of the gateway a request', as: 3 }],
    plot: { figure: 'perSecond', unit: 'requests a second', logarithmic: [] },
    conclude: claimsTable([claim('requests/s, one connection', 1), claim('requests/s, 64 connections', 64)]),
  },
  measure: measureBuffering,
}

async function measureBuffering({ rounds, seconds, tell }: SeedRun): Promise<Found> {
  await using parts = new AsyncDisposableStack()
  const systems = new Map<string, System>()
  for (const line of LINES) systems.set(line, parts.use(await startGateway(line)))
  const run = async (line: string, shape: Shape, warmUpMs: number, measureMs: number): Promise<Figures> => {
    const load = { shape, warmUpMs, measureMs, size: SIZE, own: { writesEach: line === EACH } }
    const system = systems.get(line)!
    await using generators = new Generators(system, load)
    let writes = 0
    const measured = await measureOnce(system, shape, generators, async () => {
      const before = writesOf(system)
      await sleep(measureMs)
      writes = writesOf(system) - before
    })
    const writesEach = writes / measured.roundTrips
    return { ...figuresOf(measured), writesEach, 'cpu client': (measured.generatorCpuSeconds * 1_000) / measured.roundTrips }
  }
  for (const line of LINES) for (const shape of SHAPES) await run(line, shape, PEER_WARM_UP_MS, 100)
  const steps = SHAPES.flatMap(shape => LINES.map(line => ({ line, shape })))
  const found = await interleaved(steps, rounds, async ({ line, shape }, round) => {
    const figures = await run(line, shape, STEP_WARM_UP_MS, seconds * 1_000)
    tell(`round ${round}: ${line}, ${shape.name}: ${Math.round(figures.perSecond)}/s`)
    return figures
  })
  return { points: steps.map(({ line, shape }, index) => pointOf(shape.connections, found[index], line)), versions: {} }
}

const writesOf = ({ processes }: System): number => writeCalls(processes.gateway as number)

const startGateway = (line: string): Promise<System> =>
  startSystem(async parts => {
    const { pid, port } = await startNode(parts, 'gateway', SERVER, [line === EACH ? 'each' : 'joined'])
    return { port, generator: GENERATOR, processes: { gateway: pid }, versions: {} }
  })
