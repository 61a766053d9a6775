import type { Service, Worker } from '@causeway/consumers'
import type { Logger } from '@causeway/telemetry'
import { watch } from 'chokidar'
import { type LoadedModule, ModuleGraph, servicesOf } from './module-graph.ts'

/** An editor writes a file in several steps, and several files at a time, ms. */
const SETTLED_MS = 100

/** For development: modules whose services are served anew whenever a file of theirs is written. */
export class Reloading {
  readonly #graph: ModuleGraph
  readonly #names: readonly string[]
  readonly #logger: Logger
  readonly #watcher = watch([], { ignoreInitial: true, awaitWriteFinish: false })
  #workers: readonly Worker[] = []
  #timer: NodeJS.Timeout | undefined
  #reloading: Promise<void> = Promise.resolve()

  constructor(modules: readonly string[], logger: Logger) {
    this.#graph = new ModuleGraph(modules)
    this.#names = modules
    this.#logger = logger
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
      const services = await this.load()
      for (const worker of this.#workers) await this.#serve(worker, services)
      for (const { name } of services.filter(({ name }) => !this.#workers.some(worker => worker.service.name === name)))
        this.#logger.warn({ service: name }, 'a service that was not there at the start: start again to serve it')
    } catch (error) {
      this.#logger.error({ error: (error as Error).message }, 'the modules do not load; what was loaded before goes on')
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
      this.#logger.error({ service: name, error: (error as Error).message }, 'a service can not be served anew; it goes on as it was')
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#watcher.close()
    await this.#reloading
    this.#graph.close()
  }
}
