import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OUTPUT_KEPT, READY_POLL_MS, READY_TIMEOUT_MS } from './limits.ts'
import { NotInstalled } from './subject.ts'

/** Where Debian puts servers that are not on a user's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/lib/rabbitmq/bin']

/** The path of a program, from `first`, PATH, or where servers lie; throws NotInstalled with the Debian package that has it. */
export function findProgram(name: string, debianPackage: string, first: readonly string[] = []): string {
  const folders = [...first, ...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS]
  const found = folders.map(folder => join(folder, name)).find(isExecutable)
  if (found === undefined) throw new NotInstalled(name, `apt-get install ${debianPackage}`)
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const running = new Set<ExternalServer>()
process.on('exit', () => {
  for (const server of running) server.killNow()
})

export interface ExternalPlan {
  /** For errors. */
  name: string
  command: string
  args: readonly string[]
  /** Beside what this process has. */
  environment?: Readonly<Record<string, string>>
}

/** A server that is no module of ours, with its children in a process group of its own. It is killed, not asked to end: nobody wants its data any more. */
export class ExternalServer implements AsyncDisposable {
  readonly #plan: ExternalPlan
  readonly #child: ChildProcess
  readonly #gone = Promise.withResolvers<void>()
  #output = ''

  constructor(plan: ExternalPlan) {
    this.#plan = plan
    const { command, args, environment } = plan
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...environment } })
    running.add(this)
    const keep = (chunk: unknown): void => {
      this.#output = `${this.#output}${chunk}`.slice(-OUTPUT_KEPT)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#child.once('error', error => {
      keep(error)
      this.#gone.resolve()
    })
    this.#child.once('exit', () => this.#gone.resolve())
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Resolves when it accepts connections; rejects with the end of its output where it ends before, or takes too long. */
  async listening(port: number): Promise<void> {
    const end = Date.now() + READY_TIMEOUT_MS
    while (!(await accepts(port))) {
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined
      if (ended || Date.now() > end) {
        throw new Error(`${this.#plan.name} ${ended ? 'ended' : 'is not'} ready on port ${port}. Its last output:\n${this.#output}`)
      }
      await sleep(READY_POLL_MS)
    }
  }

  killNow(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL')
    } catch (error) {
      // nobody of the group is left
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killNow()
    await this.#gone.promise
    running.delete(this)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
