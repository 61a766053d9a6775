import { createHash } from 'node:crypto'
import { type GatewayProcess, type KnownRoute, type Picture, type RouteSchema, STABLE, type TrackWeights } from '@causeway/registry'

/** What GET /v1/services tells. */
export interface Directory {
  gateways: {
    id: string
    host: string
    tcpPort: number
    httpPort: number
    /** Share of new connections that it should get; 0 while it drains. */
    weight: number
    connections: number
    sessions: number
  }[]
  services: {
    name: string
    /** Workers by version. */
    versions: Record<string, number>
    /** Where it has others than `stable`. */
    tracks?: Track[]
    routes: { name: string; opcode?: number; oneWay: boolean; timeoutMs: number; order: string; priority: string; served: boolean }[]
  }[]
  /** The registry can't be read: this is the last that was. */
  stale: boolean
}

/** A version of a service beside others. */
export interface Track {
  name: string
  /** Workers by version. */
  versions: Record<string, number>
  /** Of the service's sessions, 0 to 1, while all tracks have workers. */
  share: number
}

/** A directory as it was at a moment. */
export interface Snapshot {
  /** Of what is there, without the figures (RFC 9110, section 8.8.3). */
  etag: string
  json: string
}

const WEIGHT = 100

/** Who is there, for clients that choose their gateway themselves; changes are told to whoever waits for one. */
export class ServiceDirectory {
  readonly #present: () => Picture | undefined
  readonly #weights: (service: string) => TrackWeights
  readonly #schemas: (service: string) => Promise<RouteSchema[]>
  #told = ''
  readonly #watchers = new Set<(snapshot: Snapshot) => void>()

  /** `present`: the newest picture there is; undefined before the first. `weights`: of a service's tracks. `schemas`: of its routes. */
  constructor(
    present: () => Picture | undefined,
    weights: (service: string) => TrackWeights,
    schemas: (service: string) => Promise<RouteSchema[]>,
  ) {
    this.#present = present
    this.#weights = weights
    this.#schemas = schemas
  }

  /** Called by the clock: tells who watches where there is something else to tell. */
  look(): void {
    if (this.#watchers.size === 0) return
    const snapshot = this.snapshot()
    if (snapshot.etag === this.#told) return
    this.#told = snapshot.etag
    for (const tell of [...this.#watchers]) tell(snapshot)
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Calls on each change. Returns what ends it. */
  watch(changed: (snapshot: Snapshot) => void): () => void {
    if (this.#watchers.size === 0) this.#told = this.snapshot().etag
    this.#watchers.add(changed)
    return () => void this.#watchers.delete(changed)
  }

  /** Made once, for however many are told. */
  snapshot(): Snapshot {
    const directory = this.#read()
    return { etag: etagOf(directory), json: JSON.stringify(directory) }
  }

  /** One service with the schemas of its routes; undefined where there is none of that name. Rejects where the registry can't be asked. */
  async service(name: string): Promise<object | undefined> {
    const found = this.#read().services.find(service => service.name === name)
    return found && { ...found, schemas: await this.#schemas(name) }
  }

  #read(): Directory {
    const picture = this.#present()
    if (picture === undefined) return { gateways: [], services: [], stale: true }
    return { gateways: picture.gateways.map(gatewayOf).sort(byId), services: servicesOf(picture, this.#weights), stale: picture.stale }
  }
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)

function gatewayOf({ id, host, tcpPort, httpPort, stats }: GatewayProcess): Directory['gateways'][number] {
  const { connections = 0, sessions = 0, draining = 0 } = stats
  return { id, host, tcpPort, httpPort, weight: draining > 0 ? 0 : WEIGHT, connections, sessions }
}

function servicesOf({ routes, workers }: Picture, weights: (service: string) => TrackWeights): Directory['services'] {
  const byService = new Map<string, Directory['services'][number]>()
  const of = (name: string): Directory['services'][number] => {
    const service = byService.get(name) ?? { name, versions: {}, routes: [] }
    byService.set(name, service)
    return service
  }
  for (const { service, version } of workers) countVersion(of(service).versions, version)
  const live = new Set(workers.flatMap(worker => worker.routes.map(({ name }) => name)))
  for (const { name, opcode, oneWay, timeoutMs, order, priority, service } of routes.values()) {
    of(service).routes.push({ name, opcode, oneWay, timeoutMs, order, priority, served: live.has(name) })
  }
  const all = [...byService.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const service of all) {
    service.routes.sort((a, b) => (a.name < b.name ? -1 : 1))
    const tracks = tracksOf(service.name, [...routes.values()], workers, weights(service.name))
    if (tracks.length > 1) service.tracks = tracks
  }
  return all
}

function countVersion(versions: Record<string, number>, version: string): void {
  versions[version] = (versions[version] ?? 0) + 1
}

/** Those with a worker, a share, or routes that are remembered; `stable` first. */
function tracksOf(service: string, routes: readonly KnownRoute[], workers: Picture['workers'], weights: TrackWeights): Track[] {
  const named = routes.filter(route => route.service === service).flatMap(route => (route.tracks ?? []).map(({ track }) => track))
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const names = [STABLE, ...[...new Set([...named, ...Object.keys(weights)])].filter(name => name !== STABLE).sort()]
  return names.map(name => {
    const versions: Record<string, number> = {}
    for (const worker of workers)
      if (worker.service === service && (worker.track ?? STABLE) === name) countVersion(versions, worker.version)
    return { name, versions, share: (weights[name] ?? 0) / total }
  })
}

function etagOf({ gateways, services, stale }: Directory): string {
  const told = { gateways: gateways.map(({ connections: _, sessions: __, ...gateway }) => gateway), services, stale }
  return `"${createHash('sha256').update(JSON.stringify(told)).digest('base64url').slice(0, 22)}"`
}
