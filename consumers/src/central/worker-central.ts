import type { Central } from '@causeway/central-config'
import type { Config, ConfigDocument } from '@causeway/config'
import type { Logger, Metrics } from '@causeway/telemetry'
import type { KnownRoutes } from '../known-routes.ts'
import type { PolicedRoutes } from '../policies/policed.ts'
import type { Route } from '../route.ts'
import { compileRoutes } from '../route-set.ts'
import type { Service } from '../service.ts'
import { ServiceConfig } from './service-config.ts'
import { ServicePart } from './service-part.ts'

export interface WorkerCentralOptions {
  worker: string
  service: Service
  central: Central | undefined
  /** Changed as the central configuration changes. */
  config: Config
  policed: PolicedRoutes
  known: KnownRoutes
  logger: Logger
}

/** The central configuration at work in a worker; where there is none, nothing of it. */
export class WorkerCentral {
  readonly #options: WorkerCentralOptions
  /** What `ctx.config` reads. */
  readonly own: ServiceConfig
  #detach: (() => void) | undefined

  constructor(options: WorkerCentralOptions) {
    this.#options = options
    this.own = new ServiceConfig(options.service, options.logger)
  }

  /** Before the first message: routes run as the central configuration has them. */
  async attach(): Promise<void> {
    const { service } = this.#options
    await this.#attach(service, compileRoutes(service.name, service.routes))
  }

  /** The same service with other code, from the next message on: with what the central configuration says of it, as far as that goes with the code. */
  async reload(service: Service): Promise<void> {
    const routes = compileRoutes(service.name, service.routes)
    this.leave()
    this.own.reload(service)
    this.#options.policed.replace(routes)
    await this.#attach(service, routes)
  }

  async #attach({ name: service }: Service, routes: ReadonlyMap<string, Route>): Promise<void> {
    const { worker, central, config, policed } = this.#options
    if (central === undefined) return
    const part = new ServicePart({
      ...{ worker, service, settings: central.settings, config, own: this.own, routes },
      replace: configured => policed.replace(configured),
      changed: document => this.#changed(document),
    })
    this.#detach = await central.config.attach(part)
  }

  /** What does not read the settings where it needs them is told of others. */
  #changed({ services = {} }: ConfigDocument): void {
    const { config, known, logger } = this.#options
    logger.level = config.logLevel
    known.setTracks(services)
  }

  /** For the lease; by it operators' changes know whom to wait for. */
  get figures(): { configVersion?: number } {
    const { central } = this.#options
    return central === undefined ? {} : { configVersion: central.config.version }
  }

  tell(metrics: Metrics): void {
    const { central } = this.#options
    if (central === undefined) return
    metrics.gauge(
      'causeway_config_version',
      'Version of the central configuration that this process works by',
      () => central.config.version,
    )
    metrics.counter('causeway_config_refusals_total', 'Versions that this process could not work by', () => central.config.refusals)
  }

  /** Nothing is changed any more. */
  leave(): void {
    this.#detach?.()
  }
}
