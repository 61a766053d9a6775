import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Backends } from '@causeway/backends'
import type { Central } from '@causeway/central-config'
import { type ChannelListening, cancelChannel } from '@causeway/channels'
import type { Config } from '@causeway/config'
import { type ConsumedRecord, deadLetterTopic, EVENTS_TOPIC, type LogConsumer, requestsTopic } from '@causeway/log'
import { BUCKETS, bucketOf, decodeFrame } from '@causeway/protocol'
import { type Announcement, type RouteSpec, SCHEMA_BYTES, trackName, type WorkerProcess } from '@causeway/registry'
import type { RetryWorker } from '@causeway/retries'
import { FinishBatcher, type ServiceLoad } from '@causeway/sessions'
import type { Logger, Metrics } from '@causeway/telemetry'
import { routeSchemas } from './asyncapi/route-schemas.ts'
import { WorkerCentral } from './central/worker-central.ts'
import { machineClock } from './clock.ts'
import { Counters } from './counters.ts'
import { DeadLetters } from './dead-letters.ts'
import { Dispatcher } from './dispatcher.ts'
import { HandlerEffects } from './effects/handler-effects.ts'
import { RELAY_TICK_MS } from './effects/limits.ts'
import { EmitRelay } from './emits/emit-relay.ts'
import { EventRuns } from './events/event-runs.ts'
import { KnownRoutes } from './known-routes.ts'
import {
  COMMIT_TICK_MS,
  DESCRIBE_TICK_MS,
  FORGET_TICK_MS,
  LEAVE_AFTER_MS,
  REPLAY_CONCURRENCY,
  RETRY_CONCURRENCY,
  STATS_TICK_MS,
} from './limits.ts'
import { MessageRunner } from './message-runner.ts'
import { Once } from './once.ts'
import { PolicedRoutes } from './policies/policed.ts'
import { QueueTime } from './queue-time.ts'
import { ReplayRuns } from './replays.ts'
import { Requests } from './requests/requests.ts'
import { RetryRuns } from './retry-runs.ts'
import type { Route } from './route.ts'
import { compileRoutes } from './route-set.ts'
import { Running } from './running.ts'
import type { Service } from './service.ts'
import { workerMetrics } from './worker-metrics.ts'

/** One service at work in this process: a member of its consumer group, and a runner of its retries. */
export class Worker {
  readonly id = `wk-${randomBytes(6).toString('hex')}`
  service: Service
  /** Of its service's track, as the log and the stores call it. */
  readonly #name: string
  readonly metrics: Metrics
  readonly #config: Config
  readonly #backends: Backends
  readonly #logger: Logger
  readonly #counters = new Counters()
  readonly #running = new Running()
  readonly #queueTime = new QueueTime()
  readonly #finisher: FinishBatcher
  readonly #deadLetters: DeadLetters
  readonly #runner: MessageRunner
  readonly #replays: ReplayRuns
  readonly #events: EventRuns
  readonly #dispatcher: Dispatcher
  readonly #policed: PolicedRoutes
  /** Of all services: where its own requests go. */
  readonly #known: KnownRoutes
  readonly #requests: Requests
  readonly #relay: EmitRelay
  readonly #central: WorkerCentral
  #consumer!: LogConsumer
  #cancels!: ChannelListening
  #retryWorker!: RetryWorker
  #replayWorker!: RetryWorker
  #announcement!: Announcement
  readonly #timers: NodeJS.Timeout[] = []
  #stopping = false

  /** With a central configuration, `config` is changed as that one changes. */
  constructor(service: Service, config: Config, backends: Backends, logger: Logger, central?: Central) {
    this.service = service
    this.#name = trackName(service.name, service.track)
    this.#config = config
    this.#backends = backends
    this.#logger = logger.child({ service: this.#name, worker: this.id })
    this.#finisher = new FinishBatcher(backends.sessions, this.#logger, () => this.#load())
    this.#deadLetters = new DeadLetters(backends.retries, backends.log, config.partitions, this.#counters, this.#logger)
    this.#policed = new PolicedRoutes(compileRoutes(service.name, service.routes), {
      service: this.#name,
      clock: machineClock,
      results: backends.results,
      logger: this.#logger,
    })
    const { routes } = this.#policed
    this.#known = new KnownRoutes(backends.registry)
    this.#requests = this.#makeRequests()
    const { id: worker } = this
    this.#central = new WorkerCentral({
      worker,
      service,
      central,
      config,
      policed: this.#policed,
      known: this.#known,
      logger: this.#logger,
    })
    this.#relay = new EmitRelay({
      ...{ service: service.name, sessions: backends.sessions, log: backends.log, partitions: config.partitions },
      ...{ replication: config.replication, counters: this.#counters, logger: this.#logger },
    })
    const once = new Once(service.name, backends.results, this.#logger)
    const shared = {
      ask: this.#requests.ask,
      config: this.#central.own,
      effects: this.#makeEffects(),
      once,
      service: this.#name,
      worker: this.id,
      routes,
      finisher: this.#finisher,
      publish: backends.channels.publish.bind(backends.channels),
      counters: this.#counters,
      logger: this.#logger,
    }
    const handling = { ...shared, running: this.#running, maxPayload: config.maxPayload }
    this.#runner = new MessageRunner({ ...handling, deadLetters: this.#deadLetters })
    const events = compileRoutes(service.name, service.events)
    this.#replays = new ReplayRuns({ ...handling, routes: { get: name => routes.get(name) ?? events.get(name) } })
    this.#events = new EventRuns({ ...handling, routes: events, deadLetters: this.#deadLetters, clock: machineClock })
    this.#dispatcher = new Dispatcher({
      ...shared,
      runner: this.#runner,
      sessions: backends.sessions,
      retries: backends.retries,
      registry: backends.registry,
      maxPayload: config.maxPayload,
      bucketsOf: partition => bucketsOf(partition, config.partitions),
      get concurrency() {
        return service.concurrency ?? config.concurrency
      },
      queueTime: this.#queueTime,
      unreadable: (record, error) => this.#unreadable(record, error),
    })
    this.metrics = workerMetrics({ service: this.#name, worker: this.id }, this.#counters, this.#dispatcher, this.#running, this.#queueTime)
    this.#policed.tell(this.metrics)
    once.tell(this.metrics)
    this.#requests.tell(this.metrics)
    if (service.events.length > 0) this.#events.tell(this.metrics)
    this.#relay.tell(this.metrics)
    this.#central.tell(this.metrics)
  }

  #makeEffects(): HandlerEffects {
    return new HandlerEffects({
      ...{ service: this.service.name, sessions: this.#backends.sessions, maxPayload: this.#config.maxPayload, logger: this.#logger },
      routes: () => this.#known.table(),
      emitted: bucket => this.#relay.due(bucket),
      looped: () => this.#counters.emitLoops++,
    })
  }

  #makeRequests(): Requests {
    const { log, sessions, channels } = this.#backends
    const { partitions, replication, routeGrace, maxPayload } = this.#config
    const own = { worker: this.id, service: this.service.name, routes: this.#known, finisher: this.#finisher }
    const limits = { partitions, replication, routeGraceMs: routeGrace, maxPayload }
    return new Requests({ ...own, ...limits, log, sessions, channels, clock: machineClock, logger: this.#logger })
  }

  /** Makes the topics, takes its share of partitions and tells gateways about its routes. */
  async start(): Promise<this> {
    const { log, retries, registry } = this.#backends
    const { partitions, replication } = this.#config
    const topics = [requestsTopic(this.#name), deadLetterTopic(this.#name)]
    if (this.service.events.length > 0) topics.push(EVENTS_TOPIC)
    await log.ensureTopics(topics.map(topic => ({ topic, partitions, replication })))
    await this.#central.attach()
    this.#announcement = await registry.announce(this.#process())
    this.#describe()
    this.#retryWorker = await retries.work(this.#name, new RetryRuns(this.#name, this.#runner, this.#backends.sessions), RETRY_CONCURRENCY)
    this.#replayWorker = await retries.deadLetters.work(this.#name, this.#replays, REPLAY_CONCURRENCY)
    this.#cancels = await this.#listenForCancels()
    this.#consumer = await log.consume({
      group: this.#name,
      topic: requestsTopic(this.#name),
      handlers: {
        assigned: given => {
          this.#relay.assigned(given.flatMap(partition => bucketsOf(partition, partitions)))
          return this.#dispatcher.assigned(given)
        },
        records: (partition, records) => this.#dispatcher.records(partition, records),
        revoked: () => this.#dispatcher.revoked(),
      },
    })
    this.#dispatcher.attach(this.#consumer)
    // tracks share their service's events
    if (this.service.events.length > 0) await this.#events.start(log, `${this.service.name}.events`)
    this.#timers.push(
      setInterval(() => this.#commit(), COMMIT_TICK_MS),
      setInterval(() => this.#dispatcher.relieve(), 20),
      setInterval(() => this.#relay.look(), RELAY_TICK_MS),
      setInterval(() => this.#dispatcher.forgetUnused(), FORGET_TICK_MS),
      setInterval(() => this.#announcement.stats(this.#figures()), STATS_TICK_MS),
    )
    return this
  }

  /**
   * Serves a newer form of its service from the next message on, and tells the gateways; what runs goes on as it began. Events, track and concurrency
   * stay as they were at the start. Rejects, and changes nothing, where it is another service, or its routes clash with others.
   */
  async reload(service: Service): Promise<void> {
    const { name } = this.service
    if (service.name !== name) throw new TypeError(`this worker serves ${name}: ${service.name} needs one of its own`)
    const former = this.service
    this.service = service
    try {
      await this.#central.reload(service)
      await this.#announcement.serves({ version: service.version, routes: service.routes.map(routeSpec) })
    } catch (error) {
      this.service = former
      await this.#central.reload(former)
      throw error
    }
  }

  /** Again each minute: a registry that has lost them is told. */
  #describe(): void {
    const { schemas, left } = routeSchemas(this.service)
    if (left.length > 0) this.#logger.warn({ routes: left, most: SCHEMA_BYTES }, 'schemas are too long to be told to the registry')
    if (schemas.length === 0) return
    const tell = (): void => {
      this.#backends.registry
        .describe(this.service.name, schemas)
        .catch(error => this.#logger.debug({ error: (error as Error).message }, 'schemas could not be told; trying again'))
    }
    tell()
    this.#timers.push(setInterval(tell, DESCRIBE_TICK_MS))
  }

  /** What is missed is handled in vain, and finished once all the same. */
  async #listenForCancels(): Promise<ChannelListening> {
    const listening = await this.#backends.channels.listen({
      message: (_channel, { frame }) => {
        const { session, msgId } = JSON.parse(Buffer.from(decodeFrame(frame).payload).toString()) as { session: string; msgId: number }
        this.#running.cancel(session, msgId)
      },
      lost() {},
    })
    await listening.add(cancelChannel(this.#name))
    return listening
  }

  #process(): WorkerProcess {
    const { name, version, track, routes, events } = this.service
    return {
      kind: 'worker',
      id: this.id,
      host: hostname(),
      startedAt: Date.now(),
      stats: { ...this.#central.figures },
      service: name,
      version,
      track,
      events: events.map(event => event.name),
      routes: routes.map(routeSpec),
    }
  }

  /** For the gateways, along with what is finished. */
  #load(): ServiceLoad | undefined {
    const queueMs = this.#queueTime.read(Date.now())
    return queueMs === undefined ? undefined : { service: this.#name, queueMs }
  }

  #commit(): void {
    this.#dispatcher.commit().catch(error => {
      if (!this.#stopping) this.#logger.warn({ error: (error as Error).message }, 'a commit failed; the next one makes up for it')
    })
  }

  #figures(): Record<string, number> {
    const { handled, handling } = this.#counters
    return {
      ...this.#central.figures,
      handledPerSecond: Math.round(handled.tick()),
      handlingP50Ms: Number(handling.percentile(0.5).toFixed(2)),
      queueMs: Math.round(this.#queueTime.read(Date.now()) ?? 0),
      handlingP99Ms: Number(handling.percentile(0.99).toFixed(2)),
      inFlight: this.#running.size,
      outstanding: this.#dispatcher.outstanding,
      rssBytes: process.memoryUsage.rss(),
    }
  }

  /** A record that no gateway wrote: it can't be answered, so it goes where operators look. */
  async #unreadable(record: ConsumedRecord, error: Error): Promise<void> {
    const { key, value, header, traceparent, contentType, offset, partition } = record
    const reason = `record ${partition}/${offset} of ${requestsTopic(this.#name)} has no readable causeway header: ${error.message}`
    const now = Date.now()
    const failure = { at: now, worker: this.id, error: reason, attempt: 0 }
    // numbers of messages have 32 bits
    const session = offset < 2 ** 32 ? `unreadable-${partition}` : `unreadable-${partition}-${Math.floor(offset / 2 ** 32)}`
    const letter = {
      service: this.#name,
      session,
      bucket: bucketOf(key),
      incarnation: '',
      msgId: offset % 2 ** 32,
      route: 'unreadable',
      header,
      value,
      traceparent,
      contentType,
      attempts: 0,
      errors: [failure],
    }
    await this.#deadLetters.bury({ ...letter, deadAt: now, reason })
  }

  /** Stops polling, commits and leaves, so that its partitions are served elsewhere at once; what still runs then has the drain time to end, while its sessions wait elsewhere. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    const { drainTimeout } = this.#config
    this.#central.leave()
    this.#logger.info({ outstanding: this.#dispatcher.outstanding }, 'draining')
    const retriesClosed = Promise.all([this.#retryWorker.close(drainTimeout), this.#replayWorker.close(drainTimeout)])
    await Promise.all([this.#dispatcher.stop(Math.min(LEAVE_AFTER_MS, drainTimeout)), this.#events.stop()])
    for (const timer of this.#timers) clearInterval(timer)
    await this.#consumer
      .leave()
      .catch(error => this.#logger.warn({ error: (error as Error).message }, 'leaving the group failed; its time-out ends it'))
    await Promise.all([retriesClosed, this.#dispatcher.ended(drainTimeout)])
    this.#running.close()
    this.#requests.stop()
    await this.#cancels.close()
    await this.#policed.close()
    await this.#runner.streamsEnded()
    await this.#finisher.idle()
    await this.#relay.close(drainTimeout)
    await this.#requests.close(drainTimeout)
    await this.#known.close()
    await this.#dispatcher.close()
    await this.#deadLetters.close(drainTimeout)
    await this.#announcement
      .withdraw()
      .catch(error => this.#logger.warn({ error: (error as Error).message }, 'the lease could not be withdrawn; it runs out'))
  }
}

const routeSpec = ({ name, opcode, oneWay, timeoutMs, order, priority }: Route): RouteSpec => ({
  ...{ name, opcode, oneWay, timeoutMs, order, priority },
})

/** Partitions are a power of two, so a bucket lies in one partition of every service. */
const bucketsOf = (partition: number, partitions: number): number[] =>
  Array.from({ length: BUCKETS / partitions }, (_, index) => partition + index * partitions)
