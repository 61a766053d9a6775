import type { ConfigPart, Prepared } from '@causeway/central-config'
import {
  type Config,
  type ConfigDocument,
  type ConfigKey,
  hotKeys,
  overlay,
  type RouteSection,
  type ServiceSection,
  type Settings,
} from '@causeway/config'
import type { Route } from '../route.ts'
import { configuredRoute } from './configured-route.ts'
import type { ServiceConfig } from './service-config.ts'

export interface ServicePartOptions {
  worker: string
  service: string
  settings: Settings
  /** Changed as the central configuration changes. */
  config: Config
  own: ServiceConfig
  /** As the code has them. */
  routes: ReadonlyMap<string, Route>
  /** Serves these from the next message on. */
  replace(routes: ReadonlyMap<string, Route>): void
  /** What else changes with a document. */
  changed(document: ConfigDocument): void
}

type Sections = Readonly<Record<string, RouteSection>>

/** The worker of a service, as the central configuration changes it: settings of workers, the service's own keys, its routes' policies. */
export class ServicePart implements ConfigPart {
  readonly owner: string
  readonly #options: ServicePartOptions
  #overridden: readonly ConfigKey[] = []

  constructor(options: ServicePartOptions) {
    this.owner = options.worker
    this.#options = options
  }

  readonly overridden = (): readonly ConfigKey[] => this.#overridden

  async prepare(document: ConfigDocument): Promise<Prepared> {
    const { service, settings, config, own, replace, changed } = this.#options
    const section: ServiceSection = document.services?.[service] ?? {}
    const overlaid = overlay(settings, document, 'worker')
    const values = Object.fromEntries(hotKeys('worker').map(name => [name, overlaid.config[name]]))
    const [takeOwn, routes] = await this.#named(
      async () => [await own.prepare(section.config), this.#configured(section.routes ?? {})] as const,
    )
    return {
      commit: () => {
        Object.assign(config, values)
        this.#overridden = overlaid.overridden
        replace(routes)
        takeOwn()
        changed(document)
      },
    }
  }

  /** One that no route of this release has is another release's. */
  #configured(sections: Sections): ReadonlyMap<string, Route> {
    const { routes } = this.#options
    return new Map(
      [...routes].map(([name, route]) => [name, Object.hasOwn(sections, name) ? configuredRoute(route, sections[name]!) : route]),
    )
  }

  async #named<T>(make: () => Promise<T>): Promise<T> {
    try {
      return await make()
    } catch (error) {
      throw new Error(`services/${this.#options.service}: ${(error as Error).message}`, { cause: error })
    }
  }
}
