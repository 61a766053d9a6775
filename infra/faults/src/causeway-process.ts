import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { OUTPUT_KEPT, START_MS, STOP_MS } from './limits.ts'

const COMMAND = fileURLToPath(new URL('../../../cli/bin/causeway.js', import.meta.url))

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// without a listener a signal ends this process before 'exit', and its children would live on
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export interface ProcessOptions {
  /** Of `causeway`. */
  args: readonly string[]
  environment: NodeJS.ProcessEnv
  /** Of node, before the command: `--import` of a seeded bug. */
  nodeArgs?: readonly string[]
}

/** A run of the `causeway` command, to be ended in any way. */
export class CausewayProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  /** Its one line of JSON has come. */
  readonly #served = Promise.withResolvers<void>()
  #stdout = ''
  /** Its log, the end at most. */
  log = ''

  constructor({ args, environment, nodeArgs = [] }: ProcessOptions) {
    this.#child = spawn(process.execPath, [...nodeArgs, COMMAND, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    })
    running.add(this.#child)
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      if (this.#stdout.includes('\n')) this.#served.resolve()
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-OUTPUT_KEPT)
    })
    this.#ended = once(this.#child, 'close').then(([code]) => {
      running.delete(this.#child)
      return code as number | null
    })
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Whether it says that it can serve, now. */
  async ready(): Promise<boolean> {
    const { http, health } = JSON.parse(this.#stdout) as { http?: string; health?: string }
    const { ok } = await fetch(http === undefined ? health! : `${http}/readyz`)
    return ok
  }

  /** Resolves when it says that it serves; rejects with its log where it ends before, or takes too long. */
  async serving(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`causeway does not serve after ${START_MS} ms:\n${this.log}`)), START_MS)
    })
    const over = this.#ended.then(status => {
      throw new Error(`causeway ended with status ${status} before it served:\n${this.log}`)
    })
    try {
      await Promise.race([this.#served.promise, late, over])
    } finally {
      clearTimeout(timer)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** kill -9: nothing is drained. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** SIGTERM and the drain. Resolves with its status; rejects with its log where it had to be killed. */
  async stop(): Promise<number | null> {
    // one that a fault left stopped can't act on SIGTERM
    this.#child.kill('SIGCONT')
    this.#child.kill('SIGTERM')
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    const status = await this.#ended
    clearTimeout(killer)
    if (status === null && this.#child.signalCode === 'SIGKILL') throw new Error(`causeway did not end within ${STOP_MS} ms:\n${this.log}`)
    return status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.alive) return
    await this.kill()
  }
}
