import { parseArgs } from 'node:util'
import { CLIENTS } from '../causeway.ts'
import { oneOf, whole } from '../options.ts'

/** What may be measured by itself. */
export const PARTS = ['account', 'flames'] as const

export interface StagesOptions {
  only: readonly string[]
  /** Times each shape of the account is measured. */
  rounds: number
  /** Measured time of a round, and of the flames, s. */
  seconds: number
  /** What appends to Kafka. */
  client: (typeof CLIENTS)[number]
  write: boolean
  help: boolean
}

export const STAGES_HELP = `npm run bench:stages -- [options]

Measures where the time of a round trip goes, stage by stage, and what gateway and worker spend their CPU time on.

  --only <a,b>   what is measured, of: ${PARTS.join(', ')}        (both)
  --rounds <n>   times each shape of the account is measured      (3)
  --seconds <n>  measured time of a round, and of the flames      (5)
  --client <name>  ${CLIENTS.join(' or ')}: what appends to Kafka   (kafkajs)
  --no-write     leaves docs/stages.md and docs/stages as they are
  --help
`

/** Throws a TypeError that names the option where one is wrong. */
export function readStagesOptions(argv: readonly string[]): StagesOptions {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      client: { type: 'string', default: 'kafkajs' },
      write: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only.split(',')
  const unknown = only.find(part => !PARTS.some(each => each === part))
  if (unknown !== undefined) throw new TypeError(`--only names ${unknown}: expected some of ${PARTS.join(', ')}`)
  const { write, help } = values
  return {
    ...{ only, write, help },
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    client: oneOf('client', values.client, CLIENTS),
  }
}
