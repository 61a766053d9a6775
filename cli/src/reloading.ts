import { within } from '@causeway/backends'
import type { Service, Worker } from '@causeway/consumers'
import type { Logger } from '@causeway/telemetry'
import { watch } from 'chokidar'
import { type LoadedModule, ModuleGraph, servicesOf, VERSIONS } from './module-graph.ts'

/** An editor writes a file in several steps, and several files at a time, ms. */
const SETTLED_MS = 100
/** How long modules may take to load: one that waits for ever at its top must not hold up what is written after it, ms. */
const LOAD_MS = 5_000

/** For development: modules whose services are served anew whenever a file of theirs is written. */
export class Reloading {
  readonly #graph: ModuleGraph
  readonly #names: readonly string[]
  readonly #logger: Logger
  readonly #loadMs: number
  readonly #watcher = watch([], { ignoreInitial: true, awaitWriteFinish: false })
  #workers: readonly Worker[] = []
  #timer: NodeJS.Timeout | undefined
  #reloading: Promise<void> = Promise.resolve()

  constructor(modules: readonly string[], logger: Logger, loadMs = LOAD_MS) {
    this.#graph = new ModuleGraph(modules)
    this.#names = modules
    this.#logger = logger
    this.#loadMs = loadMs
  }

  /** Rejects where a module does not load or is none. */
  async load(): Promise<Service[]> {
    const modules = await this.#graph.load<LoadedModule>()
    return modules.flatMap((module, index) => servicesOf(this.#names[index], module))
  }

  /** From here on, what is written is served by these. */
  async begin(workers: readonly Worker[]): Promise<void> {
    this.#workers = workers
    this.#watcher.add(this.#graph.files)
    this.#watcher.on('all', () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => {
        this.#reloading = this.#reloading.then(() => this.#reload())
      }, SETTLED_MS)
    })
    await new Promise<void>(resolve => this.#watcher.once('ready', resolve))
    this.#logger.info({ files: this.#graph.files.length }, 'watching the modules')
  }

  async #reload(): Promise<void> {
    this.#graph.renew()
    try {
      const services = await within(this.#loadMs, this.load(), () => new Error(`not loaded within ${this.#loadMs} ms`))
      for (const worker of this.#workers) await this.#serve(worker, services)
      for (const { name } of services.filter(({ name }) => !this.#workers.some(worker => worker.service.name === name)))
        this.#logger.warn({ service: name }, 'a service that was not there at the start: start again to serve it')
    } catch (error) {
      this.#logger.error({ error: textOf(error) }, 'the modules do not load; what was loaded before goes on')
    }
    this.#watcher.add(this.#graph.files)
  }

  async #serve(worker: Worker, services: readonly Service[]): Promise<void> {
    const { name } = worker.service
    const service = services.find(each => each.name === name)
    if (service === undefined) {
      this.#logger.warn({ service: name }, 'a service is in its module no more; it is served as it was until the next start')
      return
    }
    try {
      await worker.reload(service)
      this.#logger.info({ service: name, routes: service.routes.length }, 'served anew')
    } catch (error) {
      this.#logger.error({ service: name, error: textOf(error) }, 'a service can not be served anew; it goes on as it was')
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#watcher.close()
    await this.#reloading
    this.#graph.close()
  }
}

/** What is thrown while a module loads may be anything; of a syntax error the lines before its stack say where it is. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [head] = error.stack?.split('\n    at ', 1) ?? ['']
  return (head.includes(error.message) ? head : error.message).replaceAll(VERSIONS, '')
}
