// `npm run bench:seeds`: the tables of the articles that Causeway was built after, measured again; writes docs/seeds.md.
import { studyCommand } from './capacity/study-command.ts'
import { SEEDS } from './seeds/seeds.ts'
import { SEEDS_PAGE } from './seeds/seeds-page.ts'

await studyCommand(
  {
    name: 'bench:seeds',
    what: 'Measures the tables of the articles again: in their first manner and in Causeway’s, in turn. Kafka and Redis are started where a table needs them.',
    studies: SEEDS.map(({ study }) => study),
    ...{ rounds: 3, seconds: 2 },
    numbers: {},
    flags: { page: 'writes docs/seeds.md from what is kept; measures nothing' },
    page: 'seeds',
  },
  async ({ rounds, seconds, flags }) => {
    if (flags.has('page')) {
      SEEDS_PAGE.write()
      return []
    }
    const tell = (line: string): void => void process.stderr.write(`${line}\n`)
    return SEEDS.map(({ study, measure }) => ({ study, measure: () => measure({ rounds, seconds, tell }) }))
  },
  findings => SEEDS_PAGE.keep(findings),
)
