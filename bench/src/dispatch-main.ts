// `npm run bench:dispatch`: throughput and latency by places and workers and by handler time, beside the ideal; even and uneven keys.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { causewayOn } from './causeway.ts'
import { type ClosedLoop, type ClosedLoopResult, closedLoop } from './closed-loop.ts'
import { machine } from './machine.ts'
import { whole } from './options.ts'
import { PAYLOAD_SIZE } from './shapes.ts'
import { median } from './statistics.ts'
import { PLACES, waitHead, waitingOpcode, waitingRoute } from './waiting.ts'

/** Handler times, ms. */
const TIMES = [1, 5, 20] as const
const WORKERS = [1, 2, 4] as const
/** Places of each of several workers. */
const FEW = 16
/** Of these places the sessions are a hot one among even ones. */
const UNEVEN = 64
const SESSIONS = 256
/** Outstanding requests of all sessions together for each place, so that none is ever idle. */
const FOR_EACH_PLACE = 4
const MOST_OUTSTANDING = 1_024
/** Until a worker that joined has its share, ms. */
const JOIN_MS = 8_000

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '4' } },
})
const [rounds, seconds] = [whole('rounds', values.rounds), whole('seconds', values.seconds)]
const served = { module: new URL('./waiting.ts', import.meta.url).pathname, request: { route: waitingRoute(1), payload64: 'AAA=' } }
await using system = await causewayOn({ client: 'kafkajs', aof: 'everysec', served }).start()
const timed = { port: system.port, warmUpMs: 1_500, measureMs: seconds * 1_000 }
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

/** As many as keep all places at work, and as few as that: what waits behind them is only latency. */
function evenly(places: number): Pick<ClosedLoop, 'sessions' | 'depth'> {
  const outstanding = Math.min(MOST_OUTSTANDING, Math.max(SESSIONS, places * FOR_EACH_PLACE))
  return { sessions: SESSIONS, depth: Math.max(1, Math.round(outstanding / SESSIONS)) }
}

/** A load on the service with so many places. */
interface Load extends Pick<ClosedLoop, 'sessions' | 'depth' | 'hotDepth'> {
  places: number
  handlerMs: number
  warmUpMs?: number
}

const dispatch = ({ places, handlerMs, ...load }: Load): Promise<ClosedLoopResult> =>
  closedLoop({ ...timed, size: PAYLOAD_SIZE, opcode: waitingOpcode(places), head: waitHead(handlerMs), ...load })

/** Loads in turn, over and over. */
async function interleaved(loads: readonly Load[]): Promise<ClosedLoopResult[][]> {
  const results: ClosedLoopResult[][] = loads.map(() => [])
  for (let round = 0; round < rounds; round++) for (const [index, load] of loads.entries()) results[index].push(await dispatch(load))
  return results
}

const middle = (results: readonly ClosedLoopResult[], figure: keyof ClosedLoopResult): number => median(results.map(each => each[figure]))

/** A line of the report. `ideal`: what so many places do whose handlers take so long, or the machine can where that is less. */
function row(what: string, results: readonly ClosedLoopResult[], ideal: number): void {
  const [perSecond, p50, p99] = (['perSecond', 'p50Ms', 'p99Ms'] as const).map(figure => middle(results, figure))
  const cells = [perSecond.toFixed(0), ideal.toFixed(0), (perSecond / ideal).toFixed(2), p50.toFixed(1), p99.toFixed(1)]
  say(`| ${what} | ${cells.join(' | ')} | ${middle(results, 'generatorCpuShare').toFixed(2)} |`)
}
const heading = (what: string): boolean =>
  say(`\n| ${what} | answers/s | ideal | of it | p50 ms | p99 ms | generator, of a core |\n|-|-|-|-|-|-|-|`)

say(`${JSON.stringify(machine())}; medians of ${rounds} interleaved rounds of ${seconds} s; 200 B; one gateway`)
const most = PLACES.at(-1)!
await dispatch({ places: most, handlerMs: 0, ...evenly(most), warmUpMs: 10_000 })
const [empty] = await interleaved([{ places: most, handlerMs: 0, ...evenly(most) }])
const capacity = middle(empty, 'perSecond')
const idealOf = (places: number, handlerMs: number): number => Math.min((places * 1_000) / handlerMs, capacity)

heading('one worker: places x handler time')
row(`${most} x 0 ms (what the machine can)`, empty, capacity)
const grid = PLACES.flatMap(places => TIMES.map(handlerMs => ({ places, handlerMs })))
const gridResults = await interleaved(grid.map(each => ({ ...each, ...evenly(each.places) })))
for (const [index, { places, handlerMs }] of grid.entries())
  row(`${places} x ${handlerMs} ms`, gridResults[index], idealOf(places, handlerMs))

heading('one worker, uneven keys: one session has nine of ten outstanding messages')
const uneven = TIMES.map(handlerMs => ({ handlerMs, hotDepth: 576 }))
const unevenResults = await interleaved(uneven.map(each => ({ ...each, places: UNEVEN, sessions: UNEVEN, depth: FOR_EACH_PLACE })))
for (const [index, { handlerMs }] of uneven.entries()) {
  row(`${UNEVEN} x ${handlerMs} ms, all`, unevenResults[index], idealOf(UNEVEN, handlerMs))
  const hot = middle(unevenResults[index], 'hotPerSecond')
  say(
    `| of these the hot session, one at a time | ${hot.toFixed(0)} | ${1_000 / handlerMs} | ${((hot * handlerMs) / 1_000).toFixed(2)} | | | |`,
  )
}

heading(`several workers of ${FEW} places: workers x handler time`)
let running = 1
for (const workers of WORKERS) {
  for (; running < workers; running++) await system.addWorker!()
  if (workers > 1) await sleep(JOIN_MS)
  const results = await interleaved(TIMES.map(handlerMs => ({ handlerMs, places: FEW, ...evenly(FEW * workers) })))
  for (const [index, handlerMs] of TIMES.entries()) row(`${workers} x ${handlerMs} ms`, results[index], idealOf(FEW * workers, handlerMs))
}
