// `npm run bench:overload`: what is answered at twice the load that a worker sustains, beside what it sustains. Interleaved rounds.
import { OVERLOAD_STUDY } from './capacity/load-studies.ts'
import { type Figures, pointOf } from './capacity/study.ts'
import { studyCommand } from './capacity/study-command.ts'
import { causewayOn } from './causeway.ts'
import { type OverloadResult, overload } from './overload.ts'

/** Loads, by what is sustainable. */
const SHARES = [0.9, 1, 2] as const

await studyCommand(
  {
    name: 'bench:overload',
    what: 'Measures what is answered at and beyond the load that one worker sustains.',
    studies: [OVERLOAD_STUDY],
    ...{ rounds: 3, seconds: 10 },
    numbers: {
      sessions: { standard: 64, help: 'that ask' },
      places: { standard: 16, help: 'messages that the worker handles at a time' },
      'handler-ms': { standard: 20, help: 'what each occupies a place for' },
      'timeout-ms': { standard: 2_000, help: 'what each request may take' },
    },
  },
  async ({ rounds, seconds, numbers }, parts) => {
    const { sessions, places, 'handler-ms': handlerMs, 'timeout-ms': timeoutMs } = numbers
    /** What the places can do; retries, and what is parked behind them, run beside these. */
    const ideal = (places * 1_000) / handlerMs
    const system = parts.use(await causewayOn({ client: 'kafkajs', aof: 'everysec', concurrency: places }).start())
    const run = (share: number): Promise<OverloadResult> =>
      overload({ port: system.port, rate: ideal * share, sessions, handlerMs, timeoutMs, seconds })
    const measure = async () => {
      await run(0.5)
      const found = new Map<number, Figures[]>(SHARES.map(share => [share, []]))
      for (let round = 1; round <= rounds; round++)
        for (const share of SHARES) {
          const result = await run(share)
          found.get(share)!.push({ ideal, ...overloadFigures(result) })
          process.stderr.write(`round ${round}, ${share} x: ${result.goodput.toFixed(0)}/s, ${JSON.stringify(result.failed)}\n`)
        }
      return { points: SHARES.map(share => pointOf(share, found.get(share)!)), versions: system.versions }
    }
    return [{ study: OVERLOAD_STUDY, measure }]
  },
)

function overloadFigures({ goodput, failed }: OverloadResult): Figures {
  const { OVERLOADED = 0, TIMEOUT = 0, ...rest } = failed
  return { goodput, OVERLOADED, TIMEOUT, others: Object.values(rest).reduce((sum, each) => sum + each, 0) }
}
