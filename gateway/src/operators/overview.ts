import { type Backends, within } from '@causeway/backends'
import { type PartitionLag, requestsTopic } from '@causeway/log'
import { type Picture, type RouteTable, trackName } from '@causeway/registry'
import type { RetryCounts } from '@causeway/retries'
import type { Health } from '../health.ts'

/** How long a reading of lag and retries is shown, ms: however many look, the backends are asked once. */
const FRESH_MS = 1_000
/** How long one figure may take, ms: an operator looks because something is wrong. */
const FIGURE_TIMEOUT_MS = 1_000

export interface ServiceOverview extends Partial<RetryCounts> {
  service: string
  workers: number
  /** Records stored and not yet completed; undefined while the log can't be asked. */
  lag: number | undefined
}

/** The whole system in one JSON: figures of all processes by their leases, lag and retries by service. */
export class Overview {
  readonly #backends: Backends
  readonly #routes: RouteTable
  readonly #picture: () => Picture
  readonly #health: Health
  #services: Promise<ServiceOverview[]> | undefined
  #readAt = 0

  constructor(backends: Backends, routes: RouteTable, picture: () => Picture, health: Health) {
    this.#backends = backends
    this.#routes = routes
    this.#picture = picture
    this.#health = health
  }

  async read(): Promise<object> {
    const picture = this.#picture()
    const [services, ledger, sessions] = await Promise.all([
      this.#servicesNow(),
      settled(this.#backends.sessions.ledger()),
      settled(this.#backends.sessions.list(0)),
    ])
    const sum = (name: string, processes: readonly { stats: Record<string, number> }[]): number =>
      processes.reduce((total, process) => total + (process.stats[name] ?? 0), 0)
    const most = (name: string): number => Math.max(0, ...picture.gateways.map(gateway => gateway.stats[name] ?? 0))
    return {
      at: Date.now(),
      backends: { kind: this.#backends.kind, dependencies: this.#health.dependencies, registryStale: picture.stale },
      connections: sum('connections', picture.gateways),
      sessions: sessions?.total,
      receivedPerSecond: sum('receivedPerSecond', picture.gateways),
      deliveredPerSecond: sum('deliveredPerSecond', picture.gateways),
      handledPerSecond: sum('handledPerSecond', picture.workers),
      roundTripMs: { p50: most('roundTripP50Ms'), p99: most('roundTripP99Ms') },
      gateways: picture.gateways,
      workers: picture.workers.map(({ routes, ...worker }) => ({ ...worker, routes: routes.length })),
      services,
      messages: ledger?.ended,
    }
  }

  routes(): object[] {
    const now = Date.now()
    return [...this.#picture().routes.values()].map(route => ({ ...route, served: this.#routes.isServed(route, now, 0) }))
  }

  async lag(): Promise<Record<string, PartitionLag[]>> {
    const services = this.#routes.services
    const lags = await Promise.all(services.map(service => this.#backends.log.lag(service, requestsTopic(service))))
    return Object.fromEntries(services.map((service, index) => [service, lags[index]]))
  }

  #servicesNow(): Promise<ServiceOverview[]> {
    const now = Date.now()
    if (this.#services === undefined || now - this.#readAt > FRESH_MS) {
      this.#readAt = now
      this.#services = Promise.all(this.#routes.services.map(service => this.#service(service)))
    }
    return this.#services
  }

  async #service(service: string): Promise<ServiceOverview> {
    const [lag, counts] = await Promise.all([
      settled(this.#backends.log.lag(service, requestsTopic(service))),
      settled(this.#backends.retries.counts(service)),
    ])
    const behind = lag?.reduce((total, row) => total + (row.end - (row.committed ?? 0)), 0)
    const workers = this.#picture().workers.filter(worker => trackName(worker.service, worker.track) === service).length
    return { service, workers, lag: behind, ...counts }
  }
}

/** A figure that can't be had within a second is left out; the dependency's own state says why. */
const settled = <T>(figure: Promise<T>): Promise<T | undefined> => within(FIGURE_TIMEOUT_MS, figure).catch(() => undefined)
