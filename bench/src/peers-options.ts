import { parseArgs } from 'node:util'
import { whole } from './options.ts'
import { SUBJECTS, TRIAL_GROUPS } from './subjects.ts'

export interface PeersOptions {
  rounds: number
  /** Measured time of a shape in a round, s. */
  seconds: number
  /** Ids of what is measured. */
  only: readonly string[]
  /** Above 1: the shapes with many connections are measured also with so many generators. */
  generators: number
  /** Where the comparison goes as JSON. */
  json: string | undefined
  /** A comparison of before, to write the page of it again without measuring. */
  from: string | undefined
  write: boolean
  help: boolean
}

const IDS = [...SUBJECTS, ...TRIAL_GROUPS].map(({ id }) => id)

export const PEERS_HELP = `npm run bench:peers -- [options]

Measures Causeway beside its peers, each on its real server, in turn, and writes docs/performance.md. What is not installed is named there.

  --only <a,b>      what is measured, of:                              (all)
                    ${IDS.slice(0, 6).join(', ')},
                    ${IDS.slice(6).join(', ')}
  --rounds <n>      times each shape is measured                       (5)
  --seconds <n>     measured time of a round                           (3)
  --generators <n>  measures 64 x 1 and 64 x 16 with so many generators, too  (1)
  --json <file>     writes all figures
  --from <file>     writes the page from such figures; measures nothing
  --no-write        leaves docs/performance.md as it is
  --help
`

/** Throws a TypeError that names the option where one is wrong. */
export function readPeersOptions(argv: readonly string[]): PeersOptions {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      only: { type: 'string', default: IDS.join(',') },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      generators: { type: 'string', default: '1' },
      json: { type: 'string' },
      from: { type: 'string' },
      write: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only.split(',')
  const unknown = only.find(id => !IDS.includes(id))
  if (unknown !== undefined) throw new TypeError(`--only names ${unknown}: expected some of ${IDS.join(', ')}`)
  return {
    ...{ only, write: values.write, help: values.help, json: values.json, from: values.from },
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    generators: whole('generators', values.generators),
  }
}
