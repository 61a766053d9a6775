// `npm run bench:neighbours`: whether one session whose messages all fail (G6) slows the others. Interleaved rounds with and without it.
import { NEIGHBOURS_STUDY } from './capacity/load-studies.ts'
import { type Figures, pointOf } from './capacity/study.ts'
import { studyCommand } from './capacity/study-command.ts'
import { CAUSEWAY_EMBEDDED, causewayOn } from './causeway.ts'
import { CAUSEWAY_WARM_UP_MS, WARM_UP_MS } from './limits.ts'
import { type NeighboursLoad, neighbours } from './neighbours.ts'
import { interleaved } from './rounds.ts'

await studyCommand(
  {
    name: 'bench:neighbours',
    what: 'Measures echoes at a steady pace, alone and beside a session all of whose messages fail.',
    studies: [NEIGHBOURS_STUDY],
    ...{ rounds: 7, seconds: 5 },
    numbers: {
      sessions: { standard: 64, help: 'that are measured' },
      rate: { standard: 2_000, help: 'echoes a second of all of them' },
      outstanding: { standard: 256, help: 'messages of the failing session' },
    },
    flags: { embedded: 'one process on its own data folder; is printed and not kept' },
  },
  async ({ rounds, seconds, flags, numbers }, parts) => {
    const { sessions, rate, outstanding } = numbers
    const isEmbedded = flags.has('embedded')
    const subject = isEmbedded ? CAUSEWAY_EMBEDDED : causewayOn({ client: 'kafkajs', aof: 'everysec' })
    const system = parts.use(await subject.start())
    const load = { sessions, everyMs: (sessions * 1_000) / rate, warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 }
    const run = async (each: Omit<NeighboursLoad, 'port'>): Promise<Figures> => {
      const { answered, ...figures } = await neighbours({ port: system.port, ...each })
      return { perSecond: answered / seconds, ...figures }
    }
    const measure = async () => {
      await run({ ...load, poison: outstanding, warmUpMs: CAUSEWAY_WARM_UP_MS, measureMs: 1 })
      const poisons = [0, outstanding]
      const found = await interleaved(poisons, rounds, async (poison, round) => {
        const figures = await run({ ...load, poison })
        process.stderr.write(`round ${round}, ${poison} failing: p50 ${figures.p50Ms.toFixed(2)} ms, p99 ${figures.p99Ms.toFixed(2)} ms\n`)
        return figures
      })
      return { points: poisons.map((poison, index) => pointOf(poison, found[index])), versions: system.versions }
    }
    return [{ study: NEIGHBOURS_STUDY, measure, isKept: !isEmbedded }]
  },
)
