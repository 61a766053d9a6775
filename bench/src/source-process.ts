import { type ChildProcess, type Serializable, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { OUTPUT_KEPT, STOP_TIMEOUT_MS } from './limits.ts'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface SourceProcessOptions {
  /** All that it gets of CAUSEWAY_ variables, so that nobody's own configuration slips in. */
  environment?: Readonly<Record<string, string>>
  /** A module that is loaded before its own, and answers what `ask` asks. */
  probe?: URL
  /** Further flags of Node. */
  nodeFlags?: readonly string[]
}

/** A module of this repository, run from source as a process of its own; what it prints comes line by line. */
export class SourceProcess {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #lines: AsyncIterator<string>
  #errors = ''

  /** `name` is for messages. */
  constructor(name: string, module: URL, args: readonly string[], { environment = {}, probe, nodeFlags = [] }: SourceProcessOptions = {}) {
    this.#name = name
    const inherited = Object.entries(process.env).filter(([variable]) => !variable.startsWith('CAUSEWAY_'))
    const loaded = probe === undefined ? [] : ['--import', probe.href]
    this.#child = spawn(process.execPath, ['--conditions=source', ...nodeFlags, ...loaded, module.pathname, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', ...(probe === undefined ? [] : ['ipc' as const])],
      serialization: 'advanced',
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

  /** What its probe answers; one question at a time. Rejects where it ends or takes longer. */
  async ask<T>(question: unknown, timeoutMs: number): Promise<T> {
    const over = new AbortController()
    const { signal } = over
    const timer = setTimeout(() => over.abort(this.#error(`answered nothing within ${timeoutMs} ms`)), timeoutMs)
    const gone = (): void => over.abort(this.#error('ended early'))
    this.#child.once('exit', gone)
    try {
      const answer = once(this.#child, 'message', { signal })
      this.#child.send(question as Serializable)
      return (await answer)[0] as T
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      clearTimeout(timer)
      this.#child.off('exit', gone)
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
