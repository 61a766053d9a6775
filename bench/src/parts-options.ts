import { parseArgs } from 'node:util'
import { whole } from './options.ts'
import { PART_IDS, PART_NEEDS } from './parts/parts.ts'

export interface PartsOptions {
  rounds: number
  /** Measured time of a trial in a round, s. */
  seconds: number
  /** Ids of what is measured. */
  only: readonly string[]
  write: boolean
  help: boolean
}

export const PARTS_HELP = `npm run bench:parts -- [options]

Measures parts of Causeway by themselves, each beside the least that could do the same. Starts what these need, or says that it can't:
${PART_NEEDS}; the others need nothing.

  --only <a,b>   what is measured, of:                                     (all)
                 ${PART_IDS.join(', ')}
  --rounds <n>   times each trial runs                                     (5)
  --seconds <n>  measured time of a trial that goes on as long             (3)
  --write        writes the section Parts of docs/performance.md
  --help
`

/** Throws a TypeError that names the option where one is wrong. */
export function readPartsOptions(argv: readonly string[]): PartsOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', default: PART_IDS.join(',') },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only.split(',')
  const unknown = only.find(id => !PART_IDS.includes(id))
  if (unknown !== undefined) throw new TypeError(`--only names ${unknown}: expected some of ${PART_IDS.join(', ')}`)
  const { write, help } = values
  return { only, write, help, rounds: whole('rounds', values.rounds), seconds: whole('seconds', values.seconds) }
}
