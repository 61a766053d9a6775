import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export interface Options {
  seeds: number
  from: number
  /** One seed alone. */
  seed: number | undefined
  trace: boolean
  /** Name of a seeded bug (seeded-bugs.ts). */
  bug: string | undefined
  processes: number
  help: boolean
}

export const HELP = `npm run simulate -- [options]

  --seeds N      how many seeds to run (1000)
  --from S       the first of them (1)
  --seed X       one seed alone
  --trace        with --seed: every event of the run
  --bug NAME     with one of the seeded bugs in the product, to see it found
  --processes P  worker processes (one a core)
`

/** Throws where an option is not known or is no number. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      bug: { type: 'string' },
      processes: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
  })
  const whole = (name: 'seeds' | 'from' | 'seed' | 'processes'): number => {
    const number = Number(values[name])
    if (!Number.isSafeInteger(number) || number < 0) throw new TypeError(`--${name} ${values[name]}: expected a whole number`)
    return number
  }
  return {
    ...{ seeds: whole('seeds'), from: whole('from'), seed: values.seed === undefined ? undefined : whole('seed') },
    ...{
      trace: values.trace,
      bug: values.bug,
      processes: Math.max(1, whole('processes')),
      help: values.help,
    },
  }
}
