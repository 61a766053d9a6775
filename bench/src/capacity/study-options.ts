import { type ParseArgsConfig, parseArgs } from 'node:util'
import { whole } from '../options.ts'
import type { Study } from './study.ts'

/** What all commands that measure studies are told. */
export interface StudyOptions {
  /** Ids of what is measured. */
  only: readonly string[]
  rounds: number
  /** Measured time of a round, s. */
  seconds: number
  /** Keeps what was found, and writes its page. */
  write: boolean
  help: boolean
}

/** An option of one command: a whole number from 1. */
export interface NumberOption {
  standard: number
  help: string
}

export interface StudyCommand<N extends string> {
  /** As npm knows it. */
  name: string
  what: string
  studies: readonly Study[]
  rounds: number
  seconds: number
  numbers: Readonly<Record<N, NumberOption>>
  /** Where it keeps what it has found: docs/PAGE.md, and the folder beside it. Default: capacity. */
  page?: string
  /** Options that are set or not, with their help. */
  flags?: Readonly<Record<string, string>>
}

export type Told<N extends string> = StudyOptions & { numbers: Record<N, number>; flags: ReadonlySet<string> }

/** Throws a TypeError that names the option where one is wrong. */
export function readStudyOptions<N extends string>(command: StudyCommand<N>, argv: readonly string[]): Told<N> {
  const ids = command.studies.map(({ id }) => id)
  const [names, flags] = [Object.keys(command.numbers) as N[], Object.keys(command.flags ?? {})]
  const options: NonNullable<ParseArgsConfig['options']> = {
    only: { type: 'string', default: ids.join(',') },
    rounds: { type: 'string', default: String(command.rounds) },
    seconds: { type: 'string', default: String(command.seconds) },
    write: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  }
  for (const name of names) options[name] = { type: 'string', default: String(command.numbers[name].standard) }
  for (const name of flags) options[name] = { type: 'boolean', default: false }
  const { values } = parseArgs({ args: [...argv], allowNegative: true, options })
  const number = (name: string): number => whole(name, values[name] as string)
  const only = (values.only as string).split(',')
  const unknown = only.find(id => !ids.includes(id))
  if (unknown !== undefined) throw new TypeError(`--only names ${unknown}: expected some of ${ids.join(', ')}`)
  return {
    ...{ only, rounds: number('rounds'), seconds: number('seconds') },
    ...{ write: values.write as boolean, help: values.help as boolean },
    numbers: Object.fromEntries(names.map(name => [name, number(name)])) as Record<N, number>,
    flags: new Set(flags.filter(name => values[name] === true)),
  }
}

export function studyHelp<N extends string>({
  name,
  what,
  studies,
  rounds,
  seconds,
  numbers,
  page = 'capacity',
  flags = {},
}: StudyCommand<N>): string {
  const own = Object.entries<NumberOption>(numbers).map(([option, { standard, help }]) => [`--${option} <n>`, `${help}  (${standard})`])
  const lines = [
    ['--only <a,b>', `what is measured, of: ${studies.map(({ id }) => id).join(', ')}  (all)`],
    ['--rounds <n>', `times each size is measured  (${rounds})`],
    ['--seconds <n>', `measured time of a round  (${seconds})`],
    ...own,
    ...Object.entries(flags).map(([option, help]) => [`--${option}`, help]),
    ['--no-write', `leaves docs/${page}.md and what is kept in docs/${page} as they are`],
    ['--help', ''],
  ]
  const width = Math.max(...lines.map(([option]) => option.length))
  return [
    `npm run ${name} -- [options]`,
    '',
    what,
    '',
    ...lines.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`.trimEnd()),
    '',
  ].join('\n')
}
