import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { micros } from './clock.ts'
import type { Handling, MessageKind } from './history.ts'

/** The folder in which a worker keeps its journal. */
export const JOURNAL_FOLDER = 'FAULTS_JOURNAL'

/** A worker's own file, a line a step. Each is with the system when `write` returns, so that kill -9 loses nothing that was done. */
export class Journal {
  readonly #file: number

  constructor(folder: string) {
    this.#file = openSync(join(folder, `${process.pid}-${micros()}.journal`), 'a')
  }

  write(step: Pick<Handling, 'phase' | 'session' | 'msgId' | 'attempt' | 'n' | 'kind'>): void {
    const { phase, session, msgId, attempt, n, kind } = step
    writeSync(this.#file, `${micros()} ${process.pid} ${phase} ${session} ${msgId} ${attempt} ${n} ${kind}\n`)
  }
}

/** All workers' steps, in the order of time. */
export function readJournals(folder: string): Handling[] {
  const handlings: Handling[] = []
  for (const name of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) if (line !== '') handlings.push(parse(line))
  }
  return handlings.sort((a, b) => a.at - b.at)
}

function parse(line: string): Handling {
  const [at, worker, phase, session, msgId, attempt, n, kind] = line.split(' ')
  return {
    at: Number(at),
    worker: Number(worker),
    phase: phase as Handling['phase'],
    session,
    msgId: Number(msgId),
    attempt: Number(attempt),
    n: Number(n),
    kind: kind as MessageKind,
  }
}
