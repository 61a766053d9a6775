/**
 * Port: which processes are there and which routes their services serve. Two adapters: registry-redis.ts, registry-embedded.ts.
 *
 * - Lease: an announced process stays in the picture until it withdraws or has not renewed for `leaseMs`.
 * - Freshness: a watcher sees a change within 1 s. When the store is away it keeps its last picture and says `stale`.
 * - A route once registered is remembered, with the time its last worker was seen, so that a gateway can tell
 *   "never served" from "not served just now".
 * - Holding: a partition of a service is held by one worker, or by none. It is free again when it is released, or when its holder's lease has run out.
 * - Late sessions: whoever releases a partition names, in the same step, the sessions that it still has in a handler there. Who holds the partition
 *   next, and after that one, is told of them until they are settled, or have not been named again for `LEASE_MS`: the names of a worker that died run
 *   out, and so do those that a store brings back which lost its last writes. A partition has at most `LATE_SESSIONS`; of more nobody is told.
 */

export const PRIORITIES = ['critical', 'normal', 'background'] as const
export type Priority = (typeof PRIORITIES)[number]

export interface RouteSpec {
  name: string
  /** 1-65535; undefined where the route is called by name only. */
  opcode: number | undefined
  /** Answers nothing: NOTIFY only. */
  oneWay: boolean
  /** ms; default of requests that bring none. */
  timeoutMs: number
  order: 'session' | 'key' | 'none'
  /** Who is refused first when messages wait too long. */
  priority: Priority
}

interface ProcessBase {
  /** Unique for a run of the process. */
  id: string
  host: string
  startedAt: number
  /** Figures for operators (rates a second, gauges), refreshed with the lease. */
  stats: Record<string, number>
}
export interface WorkerProcess extends ProcessBase {
  kind: 'worker'
  service: string
  version: string
  /** Which of the service's versions this is, side by side with others. Default `stable`. */
  track?: string
  routes: RouteSpec[]
  /** Session events that it wants. Default: none. */
  events?: string[]
}
export interface GatewayProcess extends ProcessBase {
  kind: 'gateway'
  tcpPort: number
  httpPort: number
}
export type AnnouncedProcess = WorkerProcess | GatewayProcess

export interface KnownRoute extends RouteSpec {
  service: string
  /** Unix ms at which a worker serving it was last seen, on whatever track; a live one counts as now. */
  lastSeen: number
  /** On which tracks it is or was served, where that is not `stable` alone. */
  tracks?: readonly RouteTrack[]
}
export interface RouteTrack {
  track: string
  /** Unix ms, as of the route. */
  lastSeen: number
}

/** A session event that some service wants, or wanted. */
export interface KnownEvent {
  name: string
  service: string
  /** Unix ms at which a worker that wants it was last seen; a live one counts as now. */
  lastSeen: number
}

export interface Picture {
  gateways: readonly GatewayProcess[]
  workers: readonly WorkerProcess[]
  /** By route name: all ever registered. */
  routes: ReadonlyMap<string, KnownRoute>
  /** All ever registered. */
  events: readonly KnownEvent[]
  /** True while the store cannot be read and this is the last picture had. */
  stale: boolean
}

export interface Announcement {
  /** Changes the figures told with the next renewal. */
  stats(stats: Record<string, number>): void
  /** Tells of a worker's routes anew, at once. Rejects as announce() does, and changes nothing then. */
  serves(about: Pick<WorkerProcess, 'version' | 'routes'>): Promise<void>
  withdraw(): Promise<void>
}

export interface Watching {
  /** The present picture. */
  readonly picture: Picture
  close(): Promise<void>
}

/** A session with a message in a handler of a worker that has released its partition. */
export interface LateSession {
  partition: number
  session: string
}

export interface Held {
  /** Partitions that another living worker holds. */
  others: number[]
  /** Of all partitions asked for: sessions that other workers have named. */
  late: LateSession[]
}

/** What a route takes and answers: JSON Schema 2020-12, as JSON. Absent where nobody has said. */
export interface RouteSchema {
  route: string
  /** Default `stable`. */
  track?: string
  input?: object
  output?: object
}

export interface Registry {
  /** Rejects where a route name is served by another service, or an opcode by another route: clashes are found at start. Tracks of one service share their routes. */
  announce(process: AnnouncedProcess): Promise<Announcement>
  /** Calls `changed` with each new picture, once before it resolves. */
  watch(changed: (picture: Picture) => void): Promise<Watching>
  /** Keeps schemas of a service's routes, beside the picture: they are many bytes that few ask for. Each stands for its route and track until another is told. */
  describe(service: string, schemas: readonly RouteSchema[]): Promise<void>
  /** All that were told of a service, by route and track. */
  schemas(service: string): Promise<RouteSchema[]>
  /** Takes partitions of a service for an announced worker. Those that another living worker holds are taken only with `force`. */
  hold(service: string, worker: string, partitions: readonly number[], force: boolean): Promise<Held>
  /** Frees those of the partitions that this worker holds, and names its late sessions, in one step. Names are renewed by a call that frees nothing. */
  release(service: string, worker: string, partitions: readonly number[], late: readonly LateSession[]): Promise<void>
  /** The sessions of these partitions that other workers have named. */
  late(service: string, worker: string, partitions: readonly number[]): Promise<LateSession[]>
  /** Takes sessions that this worker has named off the list: what it had of them in a handler has ended, and the call that ended it has returned. */
  settle(service: string, worker: string, sessions: readonly LateSession[]): Promise<void>
  ping(): Promise<void>
  close(): Promise<void>
}

/** A lease is renewed every third of it, and so are the names of late sessions. */
export const LEASE_MS = 3_000
/** Late sessions of one partition, of all its former holders together: several times what a worker handles at a time by default, and some 50 KB in one answer of the store. */
export const LATE_SESSIONS = 1_000
/** Longest schema of a route, bytes of JSON, input and output together; of a longer one nobody is told. */
export const SCHEMA_BYTES = 64 << 10
