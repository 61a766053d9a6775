import { setTimeout as sleep } from 'node:timers/promises'
import { GeneratorConnection } from './generator-connection.ts'
import { ECHO_OPCODE, FAIL_OPCODE, PAYLOAD_SIZE } from './shapes.ts'
import { LatencyHistogram } from './statistics.ts'
import type { Observer } from './tally.ts'

export interface NeighboursLoad {
  port: number
  sessions: number
  /** Each session's pace. */
  everyMs: number
  /** Messages that one more session keeps outstanding, all of which fail; 0: there is none. */
  poison: number
  warmUpMs: number
  measureMs: number
}

export interface NeighboursResult {
  answered: number
  p50Ms: number
  p99Ms: number
  /** Of the poisoned session, warm-up included. */
  deadLetters: number
}

/** What a session's neighbours see: echoes at a steady pace, below what the machine can do. Rejects where one failed. */
export async function neighbours({ port, sessions, everyMs, poison, warmUpMs, measureMs }: NeighboursLoad): Promise<NeighboursResult> {
  const failures: Record<string, number> = {}
  const broken = (what: string): void => {
    failures[what] = (failures[what] ?? 0) + 1
  }
  let times = new LatencyHistogram()
  let answered = 0
  const observer: Observer = {
    answered(ms) {
      answered++
      times.add(ms)
    },
    gap: () => broken('gap'),
    wrongLength: () => broken('wrong length'),
    failed: broken,
  }
  let deadLetters = 0
  const poisoned: Observer = {
    ...observer,
    answered: () => broken('an answer to what always fails'),
    failed: code => (code === 'DEAD_LETTERED' ? deadLetters++ : broken(code)),
  }
  const shared = { port, size: PAYLOAD_SIZE }
  const connections = Array.from(
    { length: sessions },
    () => new GeneratorConnection({ ...shared, observer, opcode: ECHO_OPCODE, depth: 1, everyMs }),
  )
  if (poison > 0) connections.push(new GeneratorConnection({ ...shared, observer: poisoned, opcode: FAIL_OPCODE, depth: poison }))
  try {
    await Promise.all(connections.map(({ opened }) => opened))
    for (const connection of connections) connection.start()
    await sleep(warmUpMs)
    times = new LatencyHistogram()
    answered = 0
    await sleep(measureMs)
  } finally {
    for (const connection of connections) connection.close()
  }
  if (Object.keys(failures).length > 0)
    throw new Error(`failures among the neighbours or the poisoned: ${JSON.stringify(failures)}; expected none`)
  return { answered, p50Ms: times.percentile(0.5), p99Ms: times.percentile(0.99), deadLetters }
}
