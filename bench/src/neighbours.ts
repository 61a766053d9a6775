import { setTimeout as sleep } from 'node:timers/promises'
import { GeneratorConnection } from './generator-connection.ts'
import { ECHO_OPCODE, FAIL_OPCODE, PAYLOAD_SIZE } from './shapes.ts'
import { LatencyHistogram } from './statistics.ts'
import { Measured, type Observer } from './tally.ts'

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
  const observer = new Measured()
  let deadLetters = 0
  const poisoned: Observer = {
    answered: () => observer.failed('an answer to what always fails'),
    gap: () => observer.gap(),
    wrongLength: () => observer.wrongLength(),
    failed: code => (code === 'DEAD_LETTERED' ? deadLetters++ : observer.failed(code)),
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
    observer.measure()
    await sleep(measureMs)
    const { roundTrips, latencies } = observer.clean()
    const times = new LatencyHistogram()
    times.addCounts(latencies)
    return { answered: roundTrips, p50Ms: times.percentile(0.5), p99Ms: times.percentile(0.99), deadLetters }
  } finally {
    for (const connection of connections) connection.close()
  }
}
