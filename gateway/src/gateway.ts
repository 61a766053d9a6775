import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backends } from '@causeway/backends'
import type { Central } from '@causeway/central-config'
import { type ChannelListening, cancelChannel } from '@causeway/channels'
import type { Config } from '@causeway/config'
import { type Appender, requestsTopic } from '@causeway/log'
import { Codec } from '@causeway/protocol'
import { type Announcement, type Picture, RouteTable, type Watching } from '@causeway/registry'
import { FinishBatcher, type Listening } from '@causeway/sessions'
import { Exposition, type Logger, type Metrics } from '@causeway/telemetry'
import type { FastifyInstance } from 'fastify'
import { Admission, type GatewayRecord } from './admission.ts'
import { authentication } from './authentication.ts'
import { GatewayCentral } from './central.ts'
import { ChannelHub } from './channel-hub.ts'
import type { ConnectionContext, OpenConnection } from './connection-context.ts'
import { Counters } from './counters.ts'
import { Health } from './health.ts'
import { Housekeeping } from './housekeeping.ts'
import { ServiceDirectory } from './http/service-directory.ts'
import { acceptRateOf } from './listeners/accept-rate.ts'
import { listenOn } from './listeners/listen-on.ts'
import { checkDialects } from './listeners/listener-dialect.ts'
import { ListenerPorts, type PortAddresses } from './listeners/listener-ports.ts'
import { TlsPorts } from './listeners/tls-ports.ts'
import { type AdminServer, adminServer } from './operators/admin-server.ts'
import { gatewayMetrics } from './operators/gateway-metrics.ts'
import { LedgerWatch } from './operators/ledger-watch.ts'
import { Overview } from './operators/overview.ts'
import { watchEndedSessions } from './operators/sessions-api.ts'
import { Overload } from './overload.ts'
import { PrincipalRates } from './principal-rates.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import { SessionEvents } from './session-events.ts'
import { SessionHost } from './session-host.ts'
import type { Siblings } from './siblings.ts'
import { TrackChoice } from './track-choice.ts'

const GATEWAY_VERSION = '0.1.0'
/** How often the figures told to operators are made, ms. */
const STATS_TICK_MS = 1_000
/** Wait before a service's topic is looked at again where it could not be, or was not as expected, ms. */
const TOPIC_CHECK_MS = 2_000
/** Beyond the drain, how long the last marks may take to be told, ms. */
const RENEW_GRACE_MS = 1_000

export interface GatewayAddresses extends PortAddresses {
  admin: AddressInfo
}

/** A running gateway. */
export class Gateway {
  readonly id = `gw-${randomBytes(6).toString('hex')}`
  readonly #config: Config
  readonly #backends: Backends
  readonly #logger: Logger
  readonly #central: GatewayCentral
  readonly #counters = new Counters()
  readonly #routes = new RouteTable()
  readonly #overload = new Overload()
  readonly #tracks: TrackChoice
  readonly #connections = new Set<OpenConnection>()
  readonly #health: Health
  readonly #finisher: FinishBatcher
  readonly #events: SessionEvents
  readonly #host: SessionHost
  readonly #channels: ChannelHub
  readonly #directory = new ServiceDirectory(
    () => this.#watching?.picture,
    service => this.#routes.weightsOf(service),
    service => this.#backends.registry.schemas(service),
  )
  readonly #context: ConnectionContext
  readonly #housekeeping: Housekeeping
  readonly #ledger: LedgerWatch
  #appender!: Appender<GatewayRecord>
  #listening!: Listening
  #ended!: ChannelListening
  #watching: Watching | undefined
  #announcement!: Announcement
  readonly #tls: TlsPorts
  #ports!: ListenerPorts
  #admin!: FastifyInstance
  /** Of this process alone. */
  metrics!: Metrics
  #stats!: NodeJS.Timeout
  #draining = false
  /** Services whose topic has been looked at. */
  readonly #checked = new Set<string>()
  addresses!: GatewayAddresses

  /** With a central configuration, `config` is changed as that one changes. */
  constructor(config: Config, backends: Backends, logger: Logger, central?: Central) {
    checkDialects(config.listeners)
    this.#tls = new TlsPorts(config, logger)
    this.#config = config
    this.#backends = backends
    this.#logger = logger
    this.#central = new GatewayCentral({
      ...{ gateway: this.id, central, config, routes: this.#routes, channels: backends.channels },
      picture: () => this.#watching!.picture,
      settled: () => this.#settled(),
    })
    this.#health = new Health(backends, logger)
    this.#finisher = new FinishBatcher(backends.sessions, logger)
    const { partitions, replication } = config
    this.#events = new SessionEvents({ gateway: this.id, log: backends.log, partitions, replication, health: this.#health, logger })
    const { sessions } = backends
    this.#host = new SessionHost({
      gateway: this.id,
      sessions,
      finisher: this.#finisher,
      get sessionTtlMs() {
        return config.sessionTtl
      },
      overload: this.#overload,
      events: this.#events,
      counters: this.#counters,
      logger,
    })
    this.#channels = new ChannelHub(backends.channels, this.#counters, logger)
    this.#tracks = new TrackChoice({ routes: this.#routes, sessions, logger })
    this.#context = this.#makeContext()
    this.#housekeeping = new Housekeeping({
      ...{ host: this.#host, sessions, events: this.#events, logger },
      get sessionTtlMs() {
        return config.sessionTtl
      },
      connections: () => this.#connections,
    })
    const services = (): readonly string[] => this.#routes.services
    this.#ledger = new LedgerWatch({ sessions, log: backends.log, services, partitions: config.partitions, logger })
  }

  #makeContext(): ConnectionContext {
    const config = this.#config
    const admission = new Admission({
      gateway: this.id,
      partitions: config.partitions,
      get routeGraceMs() {
        return config.routeGrace
      },
      routes: this.#routes,
      appender: () => this.#appender,
      closed: () => (this.#health.ok ? undefined : 'BACKEND_UNAVAILABLE'),
      overload: this.#overload,
      rates: new PrincipalRates(() => config.rateLimit),
      tracks: this.#tracks,
      counters: this.#counters,
    })
    return {
      gateway: this.id,
      version: GATEWAY_VERSION,
      config: this.#config,
      host: this.#host,
      channels: this.#channels,
      directory: this.#directory,
      publish: (channel, payload, codec) => this.#backends.channels.publish(channel, payload, codec),
      cancelled: (service, session, msgId) => this.#cancelled(service, session, msgId),
      admission,
      routes: this.#routes,
      authenticate: authentication(this.#config),
      counters: this.#counters,
      connections: this.#connections,
      draining: () => this.#draining,
      logger: this.#logger,
    }
  }

  #cancelled(service: string, session: string, msgId: number): void {
    const payload = Buffer.from(JSON.stringify({ session, msgId }))
    this.#backends.channels.tell(cancelChannel(service), payload, Codec.JSON).catch(error => {
      this.#logger.debug(
        { service, error: (error as Error).message },
        'workers could not be told of a cancelled message; they end it in vain',
      )
    })
  }

  /**
   * Connects to the backends, then listens: a gateway that listens can serve. Port 7402 tells the metrics of what runs `beside` it in this process too,
   * and speaks for the `siblings` that share its ports.
   */
  async start(beside: readonly Metrics[] = [], siblings?: Siblings): Promise<this> {
    this.#appender = this.#backends.log.appender<GatewayRecord>({
      stored: records => this.#stored(records),
      refused: (record, reason, detail) => this.#refused(record, reason, detail),
    })
    this.#listening = await this.#backends.sessions.listen(this.id, this.#host)
    await this.#channels.start()
    const admin = await this.#operators(beside, siblings)
    this.#ended = await watchEndedSessions(this.#backends.channels, this.#host)
    this.#admin = admin.server
    this.#watching = await this.#backends.registry.watch((picture: Picture) => {
      this.#routes.follow(this.#central.configured(picture))
      this.#events.follow(picture)
      this.#directory.look()
      admin.showServices(this.#routes.services)
      for (const service of this.#routes.services) this.#checkPartitions(service)
    })
    this.#health.start()
    this.#housekeeping.start()
    this.#ledger.start()
    await this.#central.settle()
    this.#ports = await ListenerPorts.open(this.#context, this.#health, this.#tls)
    await this.#central.open(this.#ports)
    await this.#admin.listen(listenOn(this.#config, this.#config.adminHost, this.#config.adminPort))
    this.addresses = { ...this.#ports.addresses, admin: this.#admin.server.address() as AddressInfo }
    await this.#announce()
    return this
  }

  /** The operators' port, not listening yet. */
  async #operators(beside: readonly Metrics[], siblings: Siblings | undefined): Promise<AdminServer> {
    const overview = new Overview(this.#backends, this.#routes, this.#central.picture, this.#health)
    this.metrics = gatewayMetrics({
      gateway: this.id,
      counters: this.#counters,
      host: this.#host,
      health: this.#health,
      appender: () => this.#appender,
      ledger: this.#ledger,
      accepting: acceptRateOf(this.#context),
      channels: this.#channels,
      directory: this.#directory,
      tls: this.#tls,
      events: this.#events,
      central: this.#central.config,
    })
    const routes = () => [...this.#watching!.picture.routes.values()]
    const { retries } = this.#backends
    const configuration = this.#central.api
    const sessions = { ...this.#backends, audit: retries.audit, events: this.#events, config: this.#config }
    return await adminServer({
      config: this.#config,
      overview,
      ledger: this.#ledger,
      metrics: new Exposition([this.metrics, ...beside, ...(siblings === undefined ? [] : [{ text: () => siblings.metrics() }])]),
      retries,
      routes,
      configuration,
      sessions,
      readiness: () => this.readiness,
      siblings,
      version: GATEWAY_VERSION,
    })
  }

  /** What does not read the settings where it needs them is told of others. */
  #settled(): void {
    this.#logger.level = this.#config.logLevel
    acceptRateOf(this.#context).change(this.#config.acceptRate)
  }

  /** A gateway that counts other partitions than the topic has would break order, or send into nowhere: it is not ready. */
  #checkPartitions(service: string): void {
    if (this.#checked.has(service) || this.#draining) return
    this.#checked.add(service)
    const { partitions, replication } = this.#config
    this.#backends.log.ensureTopics([{ topic: requestsTopic(service), partitions, replication }]).then(
      () => this.#health.mended(`topic of ${service}`),
      error => {
        this.#checked.delete(service)
        this.#health.fault(`topic of ${service}`, (error as Error).message)
        setTimeout(() => this.#checkPartitions(service), TOPIC_CHECK_MS).unref()
      },
    )
  }

  async #announce(): Promise<void> {
    const { tcp, http } = this.addresses
    const base = { id: this.id, host: hostname(), startedAt: Date.now() }
    this.#announcement = await this.#backends.registry.announce({
      kind: 'gateway',
      ...base,
      tcpPort: tcp.port,
      httpPort: http.port,
      stats: this.#figures(),
    })
    this.#stats = setInterval(() => this.#tell(), STATS_TICK_MS)
  }

  #tell(): void {
    this.#announcement.stats(this.#figures())
    this.#directory.look()
  }

  #figures(): Record<string, number> {
    const { received, delivered, roundTrips, connections } = this.#counters
    return {
      connections,
      sessions: this.#host.held.size,
      draining: this.#draining ? 1 : 0,
      ...this.#central.figures,
      receivedPerSecond: Math.round(received.tick()),
      deliveredPerSecond: Math.round(delivered.tick()),
      roundTripP50Ms: Number(roundTrips.percentile(0.5).toFixed(2)),
      roundTripP99Ms: Number(roundTrips.percentile(0.99).toFixed(2)),
      waitingRecords: this.#appender.waitingRecords,
      rssBytes: process.memoryUsage.rss(),
    }
  }

  #stored(records: readonly GatewayRecord[]): void {
    this.#counters.stored += records.length
    for (const record of records) this.#host.stored(record.session, record.pending)
  }

  /** What the log never took ends here; what it may have taken ends as TIMEOUT, which says so. The stored mark passes it with its end, not before. */
  #refused({ session, pending }: GatewayRecord, reason: string, detail: string): void {
    this.#logger.warn({ session: session.id, msgId: pending.msgId, reason, detail }, 'a message could not be stored')
    // a gateway that ends: the message was not acknowledged, its client sends it again elsewhere
    if (reason === 'CLOSED') return
    if (reason === 'TOO_LARGE' || reason === 'INVALID') this.#host.end(session, pending, 'rejected', 'TOO_LARGE', detail)
    else if (!pending.ending) this.#host.end(session, pending, 'timedOut', 'TIMEOUT', detail)
  }

  get readiness(): Readiness {
    return readinessOf(this.#health, this.#draining)
  }

  /** Reads the certificates' files again; connections that stand are left alone. */
  renewCertificates(): void {
    this.#tls.renew()
  }

  /**
   * Drains: no new connection, GOAWAY to all, what is in flight finishes, then CLOSE. Sessions resume elsewhere.
   * Resolves when all is closed but the backends.
   */
  async stop(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    const until = Date.now() + this.#config.drainTimeout
    this.#logger.info({ connections: this.#connections.size }, 'draining')
    this.#central.leave()
    this.#announcement.stats(this.#figures())
    this.#ports.closeTcp()
    for (const connection of this.#connections) connection.leave('this gateway is going away', 0)
    while (Date.now() < until && this.#unfinished() > 0) await sleep(20)
    for (const connection of [...this.#connections]) connection.close('GOING_AWAY', 'this gateway is going away: connect again')
    clearInterval(this.#stats)
    await this.#announcement
      .withdraw()
      .catch(error => this.#logger.warn({ error: (error as Error).message }, 'the lease could not be withdrawn; it runs out'))
    await this.#appender.close(Math.max(100, until - Date.now()))
    await Promise.race([this.#finisher.idle(), sleep(Math.max(100, until - Date.now()))])
    await this.#housekeeping.renewAll(until + RENEW_GRACE_MS)
    this.#housekeeping.stop()
    this.#tracks.stop()
    await this.#events.close(Math.max(100, until - Date.now()))
    this.#ledger.stop()
    this.#health.stop()
    await this.#central.close()
    await this.#watching?.close()
    await this.#listening.close()
    await this.#ended.close()
    await this.#channels.stop()
    await this.#ports.close()
    await this.#admin.close()
  }

  #unfinished(): number {
    let unfinished = 0
    for (const session of this.#host.held.values()) if (session.owner !== undefined) unfinished += session.pending.size
    return unfinished + this.#appender.waitingRecords
  }
}
