// `npm run bench:overload`: what is answered at twice the load that a worker sustains, beside what it sustains. Interleaved rounds.
import { parseArgs } from 'node:util'
import { causewayOn } from './causeway.ts'
import { machine } from './machine.ts'
import { whole } from './options.ts'
import { type OverloadResult, overload } from './overload.ts'
import { median } from './statistics.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '64' },
    places: { type: 'string', default: '16' },
    'handler-ms': { type: 'string', default: '20' },
    'timeout-ms': { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
  },
})
const [places, handlerMs, rounds] = [
  whole('places', values.places),
  whole('handler-ms', values['handler-ms']),
  whole('rounds', values.rounds),
]
const shared = {
  ...{ sessions: whole('sessions', values.sessions), handlerMs },
  ...{ timeoutMs: whole('timeout-ms', values['timeout-ms']), seconds: whole('seconds', values.seconds) },
}
/** What the places can do; retries, and what is parked behind them, run beside these. */
const ideal = (places * 1_000) / handlerMs

await using system = await causewayOn({ client: 'kafkajs', aof: 'everysec', concurrency: places }).start()
const run = (rate: number): Promise<OverloadResult> => overload({ port: system.port, rate, ...shared })
process.stdout.write(`${JSON.stringify(machine())}\n${places} places of ${handlerMs} ms: ${ideal} a second\n`)
await run(ideal / 2)
const SHARES = [0.9, 1, 2] as const
const goodputs = new Map<number, number[]>(SHARES.map(share => [share, []]))
for (let round = 1; round <= rounds; round++) {
  for (const share of SHARES) {
    const { goodput, failed } = await run(ideal * share)
    goodputs.get(share)!.push(goodput)
    process.stdout.write(`round ${round}, ${share} x: ${goodput.toFixed(0)} answers a second, ${JSON.stringify(failed)}\n`)
  }
}
const [sustained, full, twice] = SHARES.map(share => median(goodputs.get(share)!))
const best = Math.max(sustained, full, twice)
process.stdout.write(
  `twice the sustainable load: ${twice.toFixed(0)} of the best ${best.toFixed(0)}, ratio ${(twice / best).toFixed(2)} (0.9 wanted)\n`,
)
