import { parseArgs } from 'node:util'
import { AOF_POLICIES, CLIENTS, type RealOptions } from './causeway.ts'

export interface Options extends RealOptions {
  /** Times each shape is measured. */
  rounds: number
  /** Measured time of a round, s. */
  seconds: number
  /** One process on its own data folder, in place of Kafka and Redis. */
  embedded: boolean
  json: boolean
  help: boolean
}

export const HELP = `npm run bench -- [options]

Measures round trips through gateway and worker, a process each, on a real Kafka and a real Redis that it starts.

  --rounds <n>     times each shape is measured                        (3)
  --seconds <n>    measured time of a round                            (5)
  --client <name>  kafkajs or platformatic: what appends to Kafka      (kafkajs)
  --aof <policy>   off, everysec or always: what Redis keeps on disk   (everysec)
  --embedded       one process on its own data folder, no Kafka, no Redis
  --json           prints one JSON object
  --help
`

/** Throws a TypeError that names the option where one is wrong. */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      client: { type: 'string', default: 'kafkajs' },
      aof: { type: 'string', default: 'everysec' },
      embedded: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    ...values,
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    client: oneOf('client', values.client, CLIENTS),
    aof: oneOf('aof', values.aof, AOF_POLICIES),
  }
}

/** Throws a TypeError where the text is no whole number from 1. */
export function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`--${name} is ${text}: expected a whole number from 1`)
  return value
}

/** Throws a TypeError where the text is none of them. */
export function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find(each => each === text)
  if (found === undefined) throw new TypeError(`--${name} is ${text}: expected one of ${allowed.join(', ')}`)
  return found
}
