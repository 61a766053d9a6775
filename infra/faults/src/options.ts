import { parseArgs } from 'node:util'

export const USAGE = `npm run faults [-- OPTIONS]
Breaks a running system in every way it knows, checks what clients saw and handlers did, and writes docs/reliability.md.
  --only NAMES     these scenarios alone, separated by commas; nothing is written
  --short          the few scenarios and rounds that run with the tests
  --seed N         repeats a run's choices; the seed of each run is printed
  --rounds N       instead of each scenario's own number
  --requests N     rounds until so many messages were sent, in each scenario
  --seconds S      rounds for so long, in each scenario
  --proof          seeds bugs instead, and expects the checker to catch each; with --only, these bugs alone
  --no-proof       leaves that out of a full run
  --verbose        says what is broken when, and shows the processes' logs after a violation
  --list           names the scenarios and the bugs`

export interface Options {
  only: readonly string[] | undefined
  short: boolean
  seed: number
  rounds: number | undefined
  requests: number | undefined
  seconds: number | undefined
  proof: 'with' | 'alone' | 'without'
  verbose: boolean
  list: boolean
  help: boolean
}

/** Throws an Error that names the option where one is wrong. */
export function readOptions(args: readonly string[], now: number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      short: { type: 'boolean', default: false },
      seed: { type: 'string' },
      rounds: { type: 'string' },
      requests: { type: 'string' },
      seconds: { type: 'string' },
      proof: { type: 'boolean' },
      'no-proof': { type: 'boolean' },
      verbose: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    only: values.only?.split(','),
    short: values.short,
    seed: whole('seed', values.seed) ?? now % 1_000_000,
    rounds: whole('rounds', values.rounds),
    requests: whole('requests', values.requests),
    seconds: whole('seconds', values.seconds),
    proof: values.proof ? 'alone' : values['no-proof'] || values.short || values.only !== undefined ? 'without' : 'with',
    verbose: values.verbose,
    list: values.list,
    help: values.help,
  }
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is ${JSON.stringify(text)}: expected a whole number`)
  return number
}

/** Those of the named things that are asked for; throws where one is not there. */
export function chosen<T extends { name: string }>(all: readonly T[], only: readonly string[] | undefined): readonly T[] {
  if (only === undefined) return all
  for (const name of only) {
    if (!all.some(each => each.name === name))
      throw new Error(`--only ${name}: there is no such thing; expected some of ${all.map(each => each.name).join(', ')}`)
  }
  return all.filter(({ name }) => only.includes(name))
}
