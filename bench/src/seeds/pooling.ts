import { COST, figuresOf, ROUND_TRIPS } from '../capacity/figures.ts'
import type { Found } from '../capacity/run-studies.ts'
import { type Figures, pointOf } from '../capacity/study.ts'
import { causewayOn } from '../causeway.ts'
import type { OwnOptions } from '../generate.ts'
import { REAL, STEP_WARM_UP_MS, shapeOf } from '../growth/growth-run.ts'
import { CAUSEWAY_WARM_UP_MS } from '../limits.ts'
import { measure } from '../measure.ts'
import { interleaved } from '../rounds.ts'
import { PAYLOAD_SIZE } from '../shapes.ts'
import type { System } from '../subject.ts'
import { CALLERS, POOLED } from './limits.ts'
import { benchToken, SECRET } from './pooling-token.ts'
import { type Claim, claimsTable, type Place, type Seed, type SeedRun } from './seed.ts'

/** For the generator of this table. */
export interface PoolingOptions extends OwnOptions {
  /** Connections of the pool; 0: one for each request. */
  pooled?: number
}

const GENERATOR = new URL('./pooling-generator.ts', import.meta.url)
const UNPOOLED = 'a connection each'
const POOL = `a pool of ${POOLED}`
const ONE = 'one connection'
/** Connections of each line's pool. */
const LINES = { [UNPOOLED]: 0, [POOL]: POOLED, [ONE]: 1 } as const
/** Who may connect, and that as fast as they like: storms are not what is measured. */
const GATEWAY = ['--auth', 'jwt', '--jwt-secret', SECRET, '--accept-rate', '0']

const places = (line: string): readonly [Place, Place] => [
  { line: UNPOOLED, at: CALLERS },
  { line, at: CALLERS },
]
const claims: readonly Claim[] = [POOL, ONE].flatMap(line => [
  { what: `requests/s, ${line}`, article: [120, 890], ours: places(line), figure: 'perSecond' } as const,
  { what: `p50 ms, ${line}`, article: [85, 18], ours: places(line), figure: 'p50Ms', isLess: true } as const,
])

export const POOLING: Seed = {
  ours: [POOL, ONE],
  study: {
    id: 'pooling',
    title: 'Pooled connections',
    what: `${CALLERS} callers by the client of the SDK, each with a request of ${PAYLOAD_SIZE} B after the other, to an echo on Kafka and Redis. *${UNPOOLED}*: each request opens a TCP connection, shakes hands with a token (HS256, the same each time, so that the gateway has verified it before), begins a session that is stored in Redis, asks, and closes behind the answer. *${POOL}*: connections that are kept, taken in turn. *${ONE}*: all callers share it, as Causeway’s clients are meant to be used: requests on a connection don’t wait for each other. Times are what a caller waits, for the connection too`,
    of: 'callers',
    lines: 'connections',
    columns: [...ROUND_TRIPS, COST],
    plot: { figure: 'perSecond', unit: 'requests a second', logarithmic: [] },
    conclude: claimsTable(claims),
  },
  measure: measurePooling,
}

async function measurePooling({ rounds, seconds, tell }: SeedRun): Promise<Found> {
  await using started = await causewayOn({ ...REAL, gatewayFlags: GATEWAY, token: benchToken() }).start()
  const system: System = { ...started, generator: GENERATOR }
  const run = async (pooled: number, warmUpMs: number, measureMs: number): Promise<Figures> => {
    const own: PoolingOptions = { pooled }
    const measured = await measure(system, { shape: shapeOf(CALLERS, 1), warmUpMs, measureMs, own })
    return { ...figuresOf(measured), 'cpu client': (measured.generatorCpuSeconds * 1_000) / measured.roundTrips }
  }
  const lines = Object.entries(LINES)
  for (const [, pooled] of lines) await run(pooled, CAUSEWAY_WARM_UP_MS / lines.length, 100)
  const found = await interleaved(lines, rounds, async ([line, pooled], round) => {
    const figures = await run(pooled, STEP_WARM_UP_MS, seconds * 1_000)
    tell(`round ${round}: ${line}: ${Math.round(figures.perSecond)}/s`)
    return figures
  })
  return { points: lines.map(([line], index) => pointOf(CALLERS, found[index], line)), versions: system.versions }
}
