// `npm run bench:neighbours`: whether one session whose messages all fail (G6) slows the others. Interleaved rounds with and without it.
import { parseArgs } from 'node:util'
import { CAUSEWAY_EMBEDDED, causewayOn } from './causeway.ts'
import { CAUSEWAY_WARM_UP_MS, WARM_UP_MS } from './limits.ts'
import { machine } from './machine.ts'
import { type NeighboursLoad, type NeighboursResult, neighbours } from './neighbours.ts'
import { whole } from './options.ts'
import { median } from './statistics.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '64' },
    rate: { type: 'string', default: '2000' },
    outstanding: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    embedded: { type: 'boolean', default: false },
  },
})
const [rounds, seconds] = [whole('rounds', values.rounds), whole('seconds', values.seconds)]
const sessions = whole('sessions', values.sessions)
const load = { sessions, everyMs: (sessions * 1_000) / whole('rate', values.rate), warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 }
const outstanding = whole('outstanding', values.outstanding)

const subject = values.embedded ? CAUSEWAY_EMBEDDED : causewayOn({ client: 'kafkajs', aof: 'everysec' })
await using system = await subject.start()
const run = (each: Omit<NeighboursLoad, 'port'>): Promise<NeighboursResult> => neighbours({ port: system.port, ...each })
process.stdout.write(
  `${JSON.stringify(machine())}\n${subject.name}: ${sessions} sessions, ${values.rate} echoes a second; poison: ${outstanding} outstanding\n`,
)
await run({ ...load, poison: outstanding, warmUpMs: CAUSEWAY_WARM_UP_MS, measureMs: 1 })
const pairs: [quiet: NeighboursResult, poisoned: NeighboursResult][] = []
for (let round = 1; round <= rounds; round++) {
  const quiet = await run({ ...load, poison: 0 })
  const poisoned = await run({ ...load, poison: outstanding })
  pairs.push([quiet, poisoned])
  process.stdout.write(`round ${round}: ${text(quiet)}, poisoned ${text(poisoned)} with ${poisoned.deadLetters} dead letters\n`)
}
for (const figure of ['p50Ms', 'p99Ms'] as const) {
  const [quiet, poisoned] = [0, 1].map(side => median(pairs.map(pair => pair[side][figure])))
  process.stdout.write(`${figure}: quiet ${quiet.toFixed(2)}, poisoned ${poisoned.toFixed(2)}, ratio ${(poisoned / quiet).toFixed(2)}\n`)
}

function text({ answered, p50Ms, p99Ms }: NeighboursResult): string {
  return `${answered} echoes, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`
}
