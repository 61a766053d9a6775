// `npm run bench:overload`: what is answered at twice the load that a worker sustains, beside what it sustains. Interleaved rounds.
import { OVERLOAD_STUDY } from './capacity/load-studies.ts'
import { type Figures, pointOf } from './capacity/study.ts'
import { studyCommand } from './capacity/study-command.ts'
import { causewayOn } from './causeway.ts'
import { type OverloadResult, overload } from './overload.ts'
import { interleaved } from './rounds.ts'

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
      const found = await interleaved(SHARES, rounds, async (share, round) => {
        const result = await run(share)
        process.stderr.write(`round ${round}, ${share} x: ${result.goodput.toFixed(0)}/s, ${JSON.stringify(result.failed)}\n`)
        return { ideal, ...overloadFigures(result) }
      })
      return { points: SHARES.map((share, index) => pointOf(share, found[index])), versions: system.versions }
    }
    return [{ study: OVERLOAD_STUDY, measure }]
  },
)

function overloadFigures({ goodput, failed }: OverloadResult): Figures {
  const { OVERLOADED = 0, TIMEOUT = 0, ...rest } = failed
  return { goodput, OVERLOADED, TIMEOUT, others: Object.values(rest).reduce((sum, each) => sum + each, 0) }
}
