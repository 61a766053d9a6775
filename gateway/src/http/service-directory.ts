import { createHash } from 'node:crypto'
import type { GatewayProcess, Picture } from '@causeway/registry'

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
    routes: { name: string; opcode?: number; oneWay: boolean; timeoutMs: number; order: string; priority: string; served: boolean }[]
  }[]
  /** The registry can't be read: this is the last that was. */
  stale: boolean
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
  #told = ''
  readonly #watchers = new Set<(snapshot: Snapshot) => void>()

  /** `present`: the newest picture there is; undefined before the first. */
  constructor(present: () => Picture | undefined) {
    this.#present = present
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

  #read(): Directory {
    const picture = this.#present()
    if (picture === undefined) return { gateways: [], services: [], stale: true }
    return { gateways: picture.gateways.map(gatewayOf).sort(byId), services: servicesOf(picture), stale: picture.stale }
  }
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)

function gatewayOf({ id, host, tcpPort, httpPort, stats }: GatewayProcess): Directory['gateways'][number] {
  const { connections = 0, sessions = 0, draining = 0 } = stats
  return { id, host, tcpPort, httpPort, weight: draining > 0 ? 0 : WEIGHT, connections, sessions }
}

function servicesOf({ routes, workers }: Picture): Directory['services'] {
  const byService = new Map<string, Directory['services'][number]>()
  const of = (name: string): Directory['services'][number] => {
    const service = byService.get(name) ?? { name, versions: {}, routes: [] }
    byService.set(name, service)
    return service
  }
  for (const { service, version } of workers) of(service).versions[version] = (of(service).versions[version] ?? 0) + 1
  const live = new Set(workers.flatMap(worker => worker.routes.map(({ name }) => name)))
  for (const { name, opcode, oneWay, timeoutMs, order, priority, service } of routes.values()) {
    of(service).routes.push({ name, opcode, oneWay, timeoutMs, order, priority, served: live.has(name) })
  }
  const all = [...byService.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const service of all) service.routes.sort((a, b) => (a.name < b.name ? -1 : 1))
  return all
}

function etagOf({ gateways, services, stale }: Directory): string {
  const told = { gateways: gateways.map(({ connections: _, sessions: __, ...gateway }) => gateway), services, stale }
  return `"${createHash('sha256').update(JSON.stringify(told)).digest('base64url').slice(0, 22)}"`
}
