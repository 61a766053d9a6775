import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError, EXIT_CONFIG } from '@causeway/config'
import type { ProcessReadiness, Readiness } from '@causeway/gateway'
import { type Logger, Metrics } from '@causeway/telemetry'
import type { Addresses } from './gateways.ts'
import { END_MS } from './process.ts'
import { type Ending, NeverServed, ProcessPlace, pauseAfter, textOf } from './process-place.ts'
import type { SharedPorts } from './shared-ports.ts'

/** Processes in a row that fail in one place before it is given up, where no other serves. */
const MOST_FAILURES = 5

export interface ProcessGroupOptions {
  processes: number
  /** Starts the process of a place, from 1, with a channel to this one. */
  begin: (place: number) => ChildProcess
  ports: SharedPorts
  /** How long they drain where they don't say, ms. */
  drainTimeout: number
  logger: Logger
  /** ms before another is begun after so many failures in a row; by default from 250 ms, doubled to 30 s. */
  pauseAfter?: (failures: number) => number
}

/** Begins the processes that share a gateway's ports, keeps each place filled, and speaks for all where one is asked. */
export class ProcessGroup {
  readonly #places: readonly ProcessPlace[]
  readonly #options: ProcessGroupOptions
  readonly #logger: Logger
  readonly #metrics = new Metrics({ process: 'parent' })
  readonly #ending = new AbortController()
  #ended: Promise<number> | undefined
  readonly #hopeless = Promise.withResolvers<number>()
  /** Whether all have served. */
  #complete = false

  constructor(options: ProcessGroupOptions) {
    const { processes, logger } = options
    this.#options = options
    this.#logger = logger
    this.#places = Array.from({ length: processes }, (_, index) => this.#place(index + 1))
    this.#metrics.tellProcess()
    this.#metrics.gauge('causeway_gateway_processes', 'Processes that serve on the shared ports', () => this.#serving.length)
    this.#metrics.gauge('causeway_gateway_processes_wanted', 'Processes that there should be', () => processes)
    this.#metrics.counter('causeway_gateway_process_restarts_total', 'Processes begun in the place of one that ended', () =>
      this.#places.reduce((sum, { restarts }) => sum + Math.max(0, restarts), 0),
    )
  }

  #place(number: number): ProcessPlace {
    return new ProcessPlace(number, this.#options.begin, {
      ports: () => this.#options.ports,
      metrics: () => this.#metricsBeside(number),
      readiness: () => this.#readinessBeside(number),
    })
  }

  get #serving(): ProcessPlace[] {
    return this.#places.filter(({ serves }) => serves)
  }

  /** Resolves once all serve; undefined where it is told to end before. What keeps one from serving keeps all: it is tried with one first. */
  async start(firstServes: () => void): Promise<Addresses | undefined> {
    const [first, ...others] = this.#places
    const addresses = await this.#fill(first!)
    firstServes()
    await Promise.all(others.map(place => this.#fill(place)))
    if (this.#ending.signal.aborted) return undefined
    this.#complete = true
    for (const place of this.#places) this.#keep(place).catch(error => this.#giveUp(error as Error))
    return addresses
  }

  /** Rejects where it is hopeless. */
  async #fill(place: ProcessPlace): Promise<Addresses | undefined> {
    while (!this.#ending.signal.aborted) {
      try {
        return await place.fill()
      } catch (error) {
        if (this.#ending.signal.aborted) return undefined
        if (!(error instanceof NeverServed) || this.#isHopeless(place, error.ending)) throw told(error as Error)
        this.#logger.error({ place: place.number, failures: place.failures }, error.message)
        await this.#pause(place)
      }
    }
    return undefined
  }

  /** One that says itself why it can't begin is believed, as a single gateway would be. Later on, none is given up while another serves. */
  #isHopeless({ failures }: ProcessPlace, { code }: Ending): boolean {
    if (!this.#complete) return code !== null || failures >= MOST_FAILURES
    return failures >= MOST_FAILURES && this.#serving.length === 0
  }

  async #keep(place: ProcessPlace): Promise<void> {
    for (;;) {
      const ending = await place.ended
      if (this.#ending.signal.aborted) return
      const pauseMs = this.#pauseMs(place)
      this.#logger.error(
        { place: place.number, pauseMs },
        `a process of the gateway ended, with ${textOf(ending)}: another takes its place`,
      )
      await this.#pause(place)
      const addresses = await this.#fill(place)
      if (addresses === undefined) return
      this.#logger.info({ place: place.number }, 'a process of the gateway serves again')
    }
  }

  async #pause(place: ProcessPlace): Promise<void> {
    await sleep(this.#pauseMs(place), undefined, { signal: this.#ending.signal }).catch(() => {})
  }

  #pauseMs({ failures }: ProcessPlace): number {
    return (this.#options.pauseAfter ?? pauseAfter)(failures)
  }

  /** The exit status to end with, once no process serves any more and none can be begun. */
  get hopeless(): Promise<number> {
    return this.#hopeless.promise
  }

  #giveUp(error: Error): void {
    this.#logger.fatal({ failures: MOST_FAILURES }, `no process of the gateway serves: ${error.message}`)
    this.#hopeless.resolve(error instanceof ConfigError ? EXIT_CONFIG : 1)
  }

  /** Of all but the one that asks, and this one's own. */
  async #metricsBeside(asking: number): Promise<string> {
    const others = this.#serving.filter(({ number }) => number !== asking)
    const texts = others.map(place => place.ask('metrics').catch(error => this.#silent(place, error as Error)))
    return (await Promise.all([this.#metrics.text(), ...texts])).join('\n')
  }

  #silent({ number }: ProcessPlace, { message }: Error): string {
    this.#logger.warn({ place: number, error: message }, 'a process of the gateway does not tell its metrics')
    return ''
  }

  async #readinessBeside(asking: number): Promise<ProcessReadiness[]> {
    const others = this.#places.filter(({ number }) => number !== asking)
    return await Promise.all(
      others.map(async (place): Promise<ProcessReadiness> => {
        if (!place.serves) return { process: place.number, status: 'starting' }
        const readiness = await place.ask('readiness').catch(() => ({ status: 'silent' as const }))
        return { process: place.number, ...(readiness as Readiness) }
      }),
    )
  }

  signal(name: NodeJS.Signals): void {
    for (const place of this.#places) place.signal(name)
  }

  /** All drain at a time; resolves with the exit status to end with. Told again, they go on draining. */
  end(signal: NodeJS.Signals): Promise<number> {
    this.#ended ??= this.#end(signal)
    return this.#ended
  }

  async #end(signal: NodeJS.Signals): Promise<number> {
    this.#ending.abort()
    this.#logger.info({ signal, processes: this.#serving.length }, 'ending')
    const alive = this.#places.filter(place => place.alive)
    this.signal('SIGTERM')
    // it may have been changed while they ran
    const drains = await Promise.all(alive.map(place => place.ask('drainTimeout').catch(() => this.#options.drainTimeout)))
    // each ends by itself within END_MS; but for one that stands still
    setTimeout(() => this.signal('SIGKILL'), Math.max(0, ...(drains as number[])) + 2 * END_MS).unref()
    const endings = await Promise.all(alive.map(({ ended }) => ended))
    const failed = endings.find(({ code, signal }) => code !== 0 && signal !== 'SIGTERM' && signal !== 'SIGINT')
    if (failed !== undefined) this.#logger.error(`a process of the gateway ended with ${textOf(failed)}`)
    return failed === undefined ? 0 : (failed.code ?? 1)
  }
}

/** With the exit status of a process that says it is a wrong configuration. */
function told(error: Error): Error {
  const text = `${error.message}; what it said is above`
  return error instanceof NeverServed && error.ending.code === EXIT_CONFIG ? new ConfigError([text]) : new Error(text, { cause: error })
}
