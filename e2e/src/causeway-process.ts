import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { OUTPUT_KEPT, START_MS, STOP_MS } from './limits.ts'

const COMMAND = fileURLToPath(new URL('../../cli/bin/causeway.js', import.meta.url))

/** How a process ended: an exit status, or the signal that killed it. */
export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A run of the `causeway` command: what it printed, and its end. */
export class CausewayProcess {
  readonly #child: ChildProcess
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>
  stdout = ''
  stderr = ''

  /** In the folder `cwd`; default this process's own. */
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv, cwd?: string) {
    this.#child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environment, cwd })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = (this.stdout + text).slice(-OUTPUT_KEPT)
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-OUTPUT_KEPT)
    })
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }) as Ending)
  }

  get pid(): number {
    return this.#child.pid!
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The one line of JSON that `--json` prints once the process serves; rejects with its stderr where it ends before. */
  async addresses<T>(): Promise<T> {
    const end = Date.now() + START_MS
    while (!this.stdout.includes('\n')) {
      if (!this.alive) throw new Error(`causeway ended with status ${(await this.ended).code} before it served:\n${this.stderr}`)
      if (Date.now() > end) throw new Error(`causeway does not serve after ${START_MS} ms:\n${this.stderr}`)
      await Promise.race([once(this.#child.stdout!, 'data'), this.ended, new Promise(resolve => setTimeout(resolve, START_MS).unref())])
    }
    return JSON.parse(this.stdout.slice(0, this.stdout.indexOf('\n'))) as T
  }

  /** Sends SIGTERM and waits for the end of the drain; a process that does not end is killed, which its ending then says. */
  async stop(): Promise<Ending> {
    this.#child.kill('SIGTERM')
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    try {
      return await this.ended
    } finally {
      clearTimeout(killer)
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** kill -9: nothing is drained. */
  async kill(): Promise<Ending> {
    this.#child.kill('SIGKILL')
    return await this.ended
  }
}
