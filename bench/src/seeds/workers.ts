import { dispatchFigures, GENERATOR, LATENCIES, PER_SECOND } from '../capacity/figures.ts'
import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { causewayEmbedded, causewayOn } from '../causeway.ts'
import { closedLoop } from '../closed-loop.ts'
import { REAL, STEP_WARM_UP_MS } from '../growth/growth-run.ts'
import { CAUSEWAY_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { interleaved } from '../rounds.ts'
import { PAYLOAD_SIZE } from '../shapes.ts'
import { median } from '../statistics.ts'
import type { System } from '../subject.ts'
import { Database } from './database.ts'
import { DATABASE_MS, DATABASE_QUERIES, OUTSTANDING } from './limits.ts'
import { type Claim, claimsTable, type Seed, type SeedRun } from './seed.ts'
import { askHead, askingOpcode, askingRoute, WORKER_PLACES } from './workers-services.ts'

const SERVER = new URL('./database-server.ts', import.meta.url)
const SERVED = {
  module: new URL('./workers-services.ts', import.meta.url).pathname,
  request: { route: askingRoute(WORKER_PLACES[0]), payload64: 'AAA=' },
}
const REAL_LINE = 'Kafka and Redis'
const EMBEDDED_LINE = 'embedded'
const LINES = [REAL_LINE, EMBEDDED_LINE] as const
/** What a worker has where nothing is said. */
const DEFAULT_PLACES = WORKER_PLACES[WORKER_PLACES.length - 1]

const THROUGHPUT = { 4: 12_500, 8: 23_100, 16: 28_700 } as const
const LATENCY = { 4: 8.2, 8: 4.1, 16: 3.8 } as const

const claim = (line: string, to: 8 | 16, figure: 'perSecond' | 'p50Ms', at: number = to): Claim => {
  const [unit, told] = figure === 'perSecond' ? (['messages/s', THROUGHPUT] as const) : (['p50 ms', LATENCY] as const)
  return {
    what: `${unit}, ${line}, 4 → ${at}${at === to ? '' : ' (the article 16)'} places`,
    article: [told[4], told[to]],
    ours: [
      { line, at: 4 },
      { line, at },
    ],
    ...{ figure, isLess: figure === 'p50Ms' },
  }
}

const claimsOf = (line: string): Claim[] =>
  (['perSecond', 'p50Ms'] as const).flatMap(figure => [
    claim(line, 8, figure),
    claim(line, 16, figure),
    claim(line, 16, figure, DEFAULT_PLACES),
  ])

export const WORKERS: Seed = {
  ours: LINES,
  study: {
    id: 'workers',
    title: 'Worker pools',
    what: `one worker with so many places (messages it handles at a time; the articles' pool has as many workers), ${OUTSTANDING} sessions with a request outstanding each, and a handler that asks a database, a process of its own that answers each query after ${DATABASE_MS} ms. By their own figures (Little's law) the articles' workers take 0.32 ms a message, with some 100 outstanding; they don't say what is stored. Here each message is stored durably, handled, and its answer stored, before it counts. The ideal is what so many places do whose handler takes what a single query does, of an idle database (the load keeps no more than ${OUTSTANDING} places busy); ${DEFAULT_PLACES} places are what a worker has by default`,
    of: 'places',
    lines: 'Causeway on',
    columns: [PER_SECOND, { figure: 'ideal', name: 'ideal', as: 0 }, { figure: 'ofIdeal', name: 'of it', as: 2 }, ...LATENCIES, GENERATOR],
    plot: { figure: 'perSecond', unit: 'messages a second', logarithmic: [] },
    conclude: claimsTable(LINES.flatMap(claimsOf)),
  },
  measure: measureWorkerPools,
}

async function measureWorkerPools({ rounds, seconds, tell }: SeedRun): Promise<Found> {
  await using parts = new AsyncDisposableStack()
  const { port } = await startNode(parts, 'database', SERVER)
  const systems = new Map<string, System>()
  systems.set(REAL_LINE, parts.use(await causewayOn({ ...REAL, served: SERVED }).start()))
  systems.set(EMBEDDED_LINE, parts.use(await causewayEmbedded({ served: SERVED }).start()))
  const queryMs = await soleQueryMs(port)
  const load = { sessions: OUTSTANDING, depth: 1, size: PAYLOAD_SIZE, head: askHead(port) }
  const run = (line: string, places: number, warmUpMs: number, measureMs: number) =>
    closedLoop({ ...load, port: systems.get(line)!.port, opcode: askingOpcode(places), warmUpMs, measureMs })
  for (const line of LINES) await run(line, DEFAULT_PLACES, CAUSEWAY_WARM_UP_MS / LINES.length, 100)
  const steps = LINES.flatMap(line => WORKER_PLACES.map(places => ({ line, places })))
  const found = await interleaved(steps, rounds, async ({ line, places }, round): Promise<Figures> => {
    const result = await run(line, places, STEP_WARM_UP_MS, seconds * 1_000)
    tell(`round ${round}: ${line}, ${places} places: ${Math.round(result.perSecond)}/s`)
    return dispatchFigures(result, (Math.min(places, OUTSTANDING) * 1_000) / queryMs)
  })
  const versions = Object.assign({}, ...[...systems.values()].map(system => system.versions))
  return { points: steps.map(({ line, places }, index) => pointOf(places, found[index], line)), versions }
}

/** The median of queries one after the other, ms. */
async function soleQueryMs(port: number): Promise<number> {
  using database = new Database(port)
  const times: number[] = []
  while (times.length < DATABASE_QUERIES) {
    const from = performance.now()
    await database.query()
    times.push(performance.now() - from)
  }
  return median(times)
}
