// `npm run bench:growth`: how cost grows with sessions, payloads, connections, workers, partitions and subscribers; writes docs/capacity.md.
import { ACTIVE, CHANNELS, CONNECTIONS, GROWTH_STUDIES, IDLE, PARTITIONS, PAYLOADS, UPKEEP, WORKERS } from './capacity/growth-studies.ts'
import { CAPACITY } from './capacity/kept.ts'
import type { Measuring } from './capacity/run-studies.ts'
import { studyCommand } from './capacity/study-command.ts'
import { causewayOn } from './causeway.ts'
import { measureChannels } from './growth/channels.ts'
import { type GrowthRun, REAL, warm } from './growth/growth-run.ts'
import { ECHO_PLACES } from './growth/growth-services.ts'
import { OneSystem } from './growth/one-system.ts'
import { measurePartitions } from './growth/partitions.ts'
import { ECHO, measureConnections, measurePayloads, measureWorkers } from './growth/round-trips.ts'
import { measureActive, measureIdle, measureUpkeep, startForSessions } from './growth/sessions.ts'
import { waitHead, waitingRoute } from './waiting.ts'

const SERVED = {
  module: new URL('./growth/growth-services.ts', import.meta.url).pathname,
  request: { route: waitingRoute(ECHO_PLACES), payload64: 'AAA=' },
}

await studyCommand(
  {
    name: 'bench:growth',
    what: 'Measures how cost grows, on a Kafka and a Redis of its own, and writes docs/capacity.md. Sessions are measured on Linux alone (/proc, 127.0.0.x).',
    studies: GROWTH_STUDIES,
    ...{ rounds: 2, seconds: 1 },
    numbers: { sessions: { standard: 50_000, help: 'most sessions of idle and active' } },
    flags: { page: 'writes docs/capacity.md from what is kept; measures nothing' },
  },
  async ({ rounds, seconds, flags, numbers: { sessions } }, parts) => {
    if (flags.has('page')) {
      CAPACITY.write()
      return []
    }
    const run: GrowthRun = { rounds, seconds, sessions, tell: line => void process.stderr.write(`${line}\n`) }
    const one = parts.use(new OneSystem())
    const forSessions = () => one.of('sessions', () => startForSessions(sessions))
    const forRoundTrips = () =>
      one.of('round trips', async () => {
        const system = await causewayOn({ ...REAL, served: SERVED }).start()
        await warm(system, undefined, { own: { ...ECHO, head: waitHead(0) } })
        return system
      })
    const onRoundTrips = (study: Measuring['study'], measure: typeof measurePayloads): Measuring => ({
      study,
      measure: async () => {
        const system = await forRoundTrips()
        return { points: await measure(system, run), versions: system.versions }
      },
    })
    const alone = (study: Measuring['study'], measure: (run: GrowthRun) => ReturnType<Measuring['measure']>): Measuring => ({
      study,
      measure: async () => {
        await one.end()
        return measure(run)
      },
    })
    return [
      { study: IDLE, measure: async () => measureIdle(await forSessions(), run) },
      { study: ACTIVE, measure: async () => measureActive(await forSessions(), run) },
      alone(UPKEEP, measureUpkeep),
      onRoundTrips(PAYLOADS, measurePayloads),
      onRoundTrips(CONNECTIONS, measureConnections),
      onRoundTrips(WORKERS, measureWorkers),
      alone(PARTITIONS, measurePartitions),
      alone(CHANNELS, measureChannels),
    ]
  },
)
