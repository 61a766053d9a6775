import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { OUTPUT_KEPT, STOP_TIMEOUT_MS } from './limits.ts'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A module of this repository, run from source as a process of its own; what it prints comes line by line. */
export class SourceProcess {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #lines: AsyncIterator<string>
  #errors = ''

  /** `environment` is all it gets of CAUSEWAY_ variables, so that nobody's own configuration slips in. */
  constructor(name: string, module: URL, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#name = name
    const inherited = Object.entries(process.env).filter(([variable]) => !variable.startsWith('CAUSEWAY_'))
    this.#child = spawn(process.execPath, ['--conditions=source', module.pathname, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), ...environment },
    })
    running.add(this.#child)
    this.#child.once('exit', () => running.delete(this.#child))
    this.#child.stderr?.on('data', chunk => {
      this.#errors = (this.#errors + chunk).slice(-OUTPUT_KEPT)
    })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** What it wrote to stderr, its end at most. */
  get errors(): string {
    return this.#errors
  }

  /** The next line as JSON; rejects, with the end of its stderr, where it ends or takes longer. */
  async next<T>(timeoutMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#error(`said nothing for ${timeoutMs} ms`)), timeoutMs)
    })
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late])
      if (done) throw this.#error('ended early')
      return JSON.parse(value as string) as T
    } finally {
      clearTimeout(timer)
    }
  }

  #error(what: string): Error {
    return new Error(`the ${this.#name} ${what}\n${this.#errors}`.trimEnd())
  }

  /** Ends it in order; kills it where that takes too long. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await gone
    clearTimeout(timer)
  }
}
