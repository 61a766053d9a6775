import type { Channels } from '@causeway/channels'
import { embeddedChannels } from '@causeway/channels/embedded'
import { type Config, loadConfig } from '@causeway/config'
import type { Appender } from '@causeway/log'
import { decodeFrame, encodeFrame, type Frame, type FrameInit, FrameType } from '@causeway/protocol'
import { type KnownRoute, type Picture, type RouteSchema, RouteTable } from '@causeway/registry'
import { FinishBatcher } from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { turn } from '@causeway/testing'
import { Admission, type GatewayRecord } from './admission.ts'
import { authentication } from './authentication.ts'
import { ChannelHub } from './channel-hub.ts'
import type { ConnectionContext } from './connection-context.ts'
import { Counters } from './counters.ts'
import { ServiceDirectory } from './http/service-directory.ts'
import { Overload } from './overload.ts'
import { PrincipalRates } from './principal-rates.ts'
import { SessionHost } from './session-host.ts'
import { FakeStore } from './store.fixture.ts'
import { TrackChoice } from './track-choice.ts'
import type { Transport } from './transport.ts'

export const routeOf = (name: string, opcode: number | undefined, changes: Partial<KnownRoute> = {}): KnownRoute => ({
  name,
  opcode,
  oneWay: false,
  timeoutMs: 60_000,
  order: 'session',
  priority: 'normal',
  service: 'orders',
  lastSeen: Date.now(),
  ...changes,
})

/** A picture in which `live` routes have a worker and `remembered` ones have lost theirs. */
export function pictureOf(live: readonly KnownRoute[], remembered: readonly KnownRoute[] = []): Picture {
  const base = { kind: 'worker', host: 'h', startedAt: 0, stats: { handledPerSecond: 5 }, version: '1' } as const
  const services = [...new Set(live.map(route => route.service))]
  const workers = services.map(service => ({
    ...base,
    id: `wk-${service}`,
    service,
    routes: live.filter(route => route.service === service),
  }))
  return { gateways: [], workers, routes: new Map([...remembered, ...live].map(route => [route.name, route])), events: [], stale: false }
}

/** An appender that confirms what the test lets it confirm. */
export class FakeAppender implements Appender<GatewayRecord> {
  records: GatewayRecord[] = []
  waitingBytes = 0
  readonly #confirmed: (record: GatewayRecord) => void

  constructor(confirmed: (record: GatewayRecord) => void) {
    this.#confirmed = confirmed
  }

  get waitingRecords(): number {
    return this.records.filter(record => !record.pending.stored).length
  }

  append(record: GatewayRecord): void {
    this.records.push(record)
  }

  /** The log has those of these numbers, or all. */
  confirm(...msgIds: number[]): void {
    for (const record of this.records)
      if (!record.pending.stored && (msgIds.length === 0 || msgIds.includes(record.pending.msgId))) this.#confirmed(record)
  }

  async close(): Promise<void> {}
}

export interface FakeGateway {
  context: ConnectionContext
  config: Config
  host: SessionHost
  store: FakeStore
  appender: FakeAppender
  overload: Overload
  counters: Counters
  /** The store of channels. */
  channels: Channels
  state: {
    draining: boolean
    closed: 'BACKEND_UNAVAILABLE' | undefined
    cancelled: [service: string, session: string, msgId: number][]
    picture: Picture
    /** By service. */
    schemas: Map<string, RouteSchema[]>
  }
}

/** A gateway's inside on a store in memory, with routes `echo` (1), `note` (2, one-way) and `remembered` (3, no worker any more). */
export function fakeGateway(settings: Partial<Record<keyof Config, unknown>> = {}): FakeGateway {
  const config = loadConfig({ environment: {}, flags: { auth: 'none', ...settings } })
  const store = new FakeStore()
  const counters = new Counters()
  const finisher = new FinishBatcher(store.port, silentLogger)
  const { sessionTtl: sessionTtlMs, partitions } = config
  const overload = new Overload()
  const shared = { gateway: 'gw-1', overload, counters, logger: silentLogger }
  const host = new SessionHost({ ...shared, sessions: store.port, finisher, sessionTtlMs })
  store.handlers = host
  const appender = new FakeAppender(({ session, pending }) => host.stored(session, pending))
  const routes = new RouteTable()
  const gone = routeOf('remembered', 3, { lastSeen: Date.now() - 3_600_000 })
  const picture = pictureOf([routeOf('echo', 1), routeOf('note', 2, { oneWay: true })], [gone])
  routes.follow(picture)
  const state: FakeGateway['state'] = { draining: false, closed: undefined, cancelled: [], picture, schemas: new Map() }
  const admission = new Admission({
    ...{ gateway: 'gw-1', partitions, routes, overload, counters, routeGraceMs: config.routeGrace },
    rates: new PrincipalRates(() => config.rateLimit),
    tracks: new TrackChoice({ routes, sessions: store.port, logger: silentLogger }),
    appender: () => appender,
    closed: () => state.closed,
  })
  const channels = embeddedChannels()
  const hub = new ChannelHub(channels, counters, silentLogger)
  void hub.start()
  const context: ConnectionContext = {
    ...{ ...shared, version: '0', config, host, admission, routes },
    channels: hub,
    directory: new ServiceDirectory(
      () => state.picture,
      service => routes.weightsOf(service),
      async service => state.schemas.get(service) ?? [],
    ),
    publish: (...message) => channels.publish(...message),
    cancelled: (...message) => void state.cancelled.push(message),
    authenticate: authentication(config),
    connections: new Set(),
    draining: () => state.draining,
  }
  return { context, config, host, store, appender, overload, counters, channels, state }
}

/** A transport that keeps what is written to it. */
export class FakeTransport implements Transport {
  readonly kind = 'tcp'
  readonly remote = '192.0.2.1:5000'
  waitingBytes = 0
  paused = false
  /** Pieces of each flush. */
  readonly writes: Uint8Array[][] = []
  ended: { code: number; reason: string } | undefined
  destroyed = false
  #queued: Uint8Array[] = []
  #drained: (() => void)[] = []

  queue(bytes: Uint8Array): void {
    this.#queued.push(bytes.slice())
  }

  flush(): void {
    if (this.#queued.length === 0 || this.ended !== undefined) return
    this.writes.push(this.#queued)
    this.#queued = []
  }

  pauseReading(): void {
    this.paused = true
  }

  resumeReading(): void {
    this.paused = false
  }

  onceDrained(callback: () => void): void {
    this.#drained.push(callback)
  }

  /** The peer has taken all. */
  drain(): void {
    this.waitingBytes = 0
    for (const callback of this.#drained.splice(0)) callback()
  }

  /** Close code of its end; undefined while it is open. */
  endCode(): number | undefined {
    return this.ended?.code
  }

  end(code: number, reason: string): void {
    this.flush()
    this.ended = { code, reason }
  }

  destroy(): void {
    this.destroyed = true
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes.flat())
  }

  /** What was written, as frames of version 2. */
  get frames(): Frame[] {
    return this.writes.flat().map(bytes => decodeFrame(bytes))
  }

  of(type: number): Frame[] {
    return this.frames.filter(frame => frame.type === type)
  }
}

export const frameOf = (init: FrameInit): Frame => decodeFrame(encodeFrame(init))
export const requestOf = (msgId: number, init: Partial<FrameInit> = {}): Frame =>
  frameOf({ type: FrameType.REQUEST, opcode: 1, msgId, payload: `request ${msgId}`, ...init })

export const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString('utf8')
export const jsonOf = <T = Record<string, unknown>>(payload: Uint8Array): T => JSON.parse(textOf(payload)) as T

/** Answers an admitted message as its worker would. */
export async function answer(
  { store }: FakeGateway,
  { session, pending }: GatewayRecord,
  payload = `answer ${pending.msgId}`,
): Promise<void> {
  const { id, bucket, incarnation } = session
  const { msgId, prev } = pending
  const frame = encodeFrame({ type: FrameType.RESPONSE, msgId, payload })
  await store.finish([{ kind: 'final', session: id, bucket, incarnation, msgId, prev, outcome: 'answered', frame }])
}

/** A PUSH from a backend. */
export async function push({ store }: FakeGateway, session: string, payload: string): Promise<void> {
  const frame = encodeFrame({ type: FrameType.PUSH, payload })
  await store.finish([{ kind: 'push', session, bucket: 0, incarnation: '', frame }])
}

/** Long enough for whatever is going to happen without anything from outside. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}
