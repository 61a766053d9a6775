import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Violation } from './checker.ts'
import { SEEDS_PER_TASK } from './limits.ts'

/** What a seed came to. */
export interface Outcome {
  seed: number
  violations: Violation[]
  steps: number
  digest: string
}

export interface ManyOptions {
  from: number
  seeds: number
  processes: number
  bug: string | undefined
  /** Ends the run early. */
  signal?: AbortSignal
  told(outcome: Outcome): void
}

/** Runs seeds side by side in processes of their own: a run has its process's globals for itself. */
export async function runMany(options: ManyOptions): Promise<void> {
  const waiting: number[][] = []
  for (let first = options.from; first < options.from + options.seeds; first += SEEDS_PER_TASK) {
    const count = Math.min(SEEDS_PER_TASK, options.from + options.seeds - first)
    waiting.push(Array.from({ length: count }, (_, index) => first + index))
  }
  await Promise.all(
    Array.from({ length: Math.min(options.processes, waiting.length) }, () => runIn(startProcess(options.bug), waiting, options)),
  )
}

function startProcess(bug: string | undefined): ChildProcess {
  const args = bug === undefined ? [] : [bug]
  return fork(fileURLToPath(new URL('./run-seeds.ts', import.meta.url)), args, { execArgv: ['--conditions=source'] })
}

function runIn(child: ChildProcess, waiting: number[][], { signal, told }: ManyOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let running: number[] = []
    const next = (): void => {
      const seeds = signal?.aborted ? undefined : waiting.shift()
      running = seeds ?? []
      if (seeds === undefined) child.disconnect()
      else child.send(seeds)
    }
    const stop = (): void => void child.kill()
    signal?.addEventListener('abort', stop, { once: true })
    child.on('message', (outcome: Outcome) => {
      told(outcome)
      running = running.filter(seed => seed !== outcome.seed)
      if (running.length === 0) next()
    })
    child.once('error', reject)
    child.once('exit', (code, by) => {
      signal?.removeEventListener('abort', stop)
      if (running.length > 0 && !signal?.aborted)
        reject(new Error(`a process ended (${code ?? by}) in seed ${running[0]}: run it alone with --seed ${running[0]}`))
      else resolve()
    })
    next()
  })
}
