import type { ChildProcess } from 'node:child_process'
import type { Addresses } from './gateways.ts'
import { type Answers, ProcessLine } from './process-line.ts'

/** How long a process may take to answer, ms. */
const ANSWER_MS = 2_000
/** A process that served for so long ended for another reason than the one before, ms. */
const SERVED_WELL_MS = 60_000
/** Pause before the first process in the place of one that ended, ms; each one that fails soon doubles it. */
const PAUSE_MS = 250
const MOST_PAUSE_MS = 30_000

/** How a process ended. */
export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
  /** Why there was none. */
  error?: string
}

/** A process ended before it served. */
export class NeverServed extends Error {
  readonly ending: Ending

  constructor(place: number, ending: Ending) {
    super(`process ${place} of the gateway ended before it served, with ${textOf(ending)}`)
    this.ending = ending
  }
}

export const textOf = ({ code, signal, error }: Ending): string => error ?? (signal === null ? `status ${code}` : `signal ${signal}`)

/** The pause after so many failures in a row. */
export const pauseAfter = (failures: number): number => Math.min(MOST_PAUSE_MS, PAUSE_MS * 2 ** failures)

/** One of the processes that share a gateway's ports: the one that runs now, and those that come in its place. */
export class ProcessPlace {
  readonly number: number
  readonly #begin: (place: number) => ChildProcess
  readonly #answers: Answers
  #child: ChildProcess | undefined
  #line: ProcessLine | undefined
  #servingSince: number | undefined
  /** Of the newest process. */
  ended: Promise<Ending> = Promise.resolve({ code: 0, signal: null })
  /** Processes in a row that ended before they served, or soon after. */
  failures = 0
  /** Processes that took the place of another. */
  restarts = -1

  /** `begin` starts a process, which is answered by `answers`. */
  constructor(number: number, begin: (place: number) => ChildProcess, answers: Answers) {
    this.number = number
    this.#begin = begin
    this.#answers = answers
  }

  get serves(): boolean {
    return this.#servingSince !== undefined
  }

  get alive(): boolean {
    return this.#child !== undefined
  }

  /** Begins one, and resolves with what it says once it serves. Rejects with NeverServed. */
  async fill(): Promise<Addresses> {
    const child = this.#begin(this.number)
    this.#child = child
    this.restarts++
    const serving = Promise.withResolvers<Addresses>()
    this.#line = new ProcessLine(child, ANSWER_MS, {
      ...this.#answers,
      serving: addresses => {
        this.#servingSince = performance.now()
        serving.resolve(addresses as Addresses)
      },
    })
    this.ended = endOf(child).then(ending => this.#gone(ending))
    const never = this.ended.then(ending => Promise.reject(new NeverServed(this.number, ending)))
    return await Promise.race([serving.promise, never])
  }

  #gone(ending: Ending): Ending {
    const servedMs = this.#servingSince === undefined ? 0 : performance.now() - this.#servingSince
    this.failures = servedMs >= SERVED_WELL_MS ? 0 : this.failures + 1
    this.#servingSince = undefined
    this.#child = undefined
    this.#line = undefined
    return ending
  }

  /** Rejects where there is no process, or none that answers in time. */
  async ask(about: string): Promise<unknown> {
    if (this.#line === undefined) throw new Error(`process ${this.number} of the gateway does not run`)
    return await this.#line.ask(about)
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    // it can't be started, and nothing else will be heard of it; of one that runs, its exit tells
    child.on('error', error => child.pid === undefined && resolve({ code: null, signal: null, error: error.message }))
  })
}
