import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Backends } from '@causeway/backends'
import { type ChannelListening, cancelChannel } from '@causeway/channels'
import type { Config } from '@causeway/config'
import { type ConsumedRecord, deadLetterTopic, type LogConsumer, requestsTopic } from '@causeway/log'
import { BUCKETS, bucketOf, decodeFrame } from '@causeway/protocol'
import type { Announcement, RouteSpec, WorkerProcess } from '@causeway/registry'
import type { RetryWorker } from '@causeway/retries'
import { FinishBatcher, type ServiceLoad } from '@causeway/sessions'
import type { Logger, Metrics } from '@causeway/telemetry'
import { machineClock } from './clock.ts'
import { Counters } from './counters.ts'
import { DeadLetters } from './dead-letters.ts'
import { Dispatcher } from './dispatcher.ts'
import { COMMIT_TICK_MS, FORGET_TICK_MS, LEAVE_AFTER_MS, REPLAY_CONCURRENCY, RETRY_CONCURRENCY, STATS_TICK_MS } from './limits.ts'
import { MessageRunner } from './message-runner.ts'
import { Once } from './once.ts'
import { PolicedRoutes } from './policies/policed.ts'
import { QueueTime } from './queue-time.ts'
import { ReplayRuns } from './replays.ts'
import { RetryRuns } from './retry-runs.ts'
import type { Route } from './route.ts'
import { compileRoutes } from './route-set.ts'
import { Running } from './running.ts'
import type { Service } from './service.ts'
import { workerMetrics } from './worker-metrics.ts'

/** One service at work in this process: a member of its consumer group, and a runner of its retries. */
export class Worker {
  readonly id = `wk-${randomBytes(6).toString('hex')}`
  readonly service: Service
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
  readonly #dispatcher: Dispatcher
  readonly #policed: PolicedRoutes
  #consumer!: LogConsumer
  #cancels!: ChannelListening
  #retryWorker!: RetryWorker
  #replayWorker!: RetryWorker
  #announcement!: Announcement
  readonly #timers: NodeJS.Timeout[] = []
  #stopping = false

  constructor(service: Service, config: Config, backends: Backends, logger: Logger) {
    this.service = service
    this.#config = config
    this.#backends = backends
    this.#logger = logger.child({ service: service.name, worker: this.id })
    this.#finisher = new FinishBatcher(backends.sessions, this.#logger, () => this.#load())
    this.#deadLetters = new DeadLetters(backends.retries, backends.log, config.partitions, this.#counters, this.#logger)
    this.#policed = new PolicedRoutes(compileRoutes(service.name, service.routes), {
      service: service.name,
      clock: machineClock,
      results: backends.results,
      logger: this.#logger,
    })
    const { routes } = this.#policed
    const shared = {
      once: new Once(service.name, backends.results, this.#logger),
      service: service.name,
      worker: this.id,
      routes,
      finisher: this.#finisher,
      publish: backends.channels.publish.bind(backends.channels),
      counters: this.#counters,
      logger: this.#logger,
    }
    this.#runner = new MessageRunner({
      ...shared,
      deadLetters: this.#deadLetters,
      running: this.#running,
      maxPayload: config.maxPayload,
    })
    this.#replays = new ReplayRuns({ ...shared, running: this.#running, maxPayload: config.maxPayload })
    this.#dispatcher = new Dispatcher({
      ...shared,
      runner: this.#runner,
      sessions: backends.sessions,
      retries: backends.retries,
      registry: backends.registry,
      bucketsOf: partition => bucketsOf(partition, config.partitions),
      concurrency: service.concurrency ?? config.concurrency,
      queueTime: this.#queueTime,
      unreadable: (record, error) => this.#unreadable(record, error),
    })
    this.metrics = workerMetrics(
      { service: service.name, worker: this.id },
      this.#counters,
      this.#dispatcher,
      this.#running,
      this.#queueTime,
    )
    this.#policed.tell(this.metrics)
  }

  /** Makes the topics, takes its share of partitions and tells gateways about its routes. */
  async start(): Promise<this> {
    const { log, retries, registry } = this.#backends
    const { partitions, replication } = this.#config
    const topics = [requestsTopic(this.service.name), deadLetterTopic(this.service.name)]
    await log.ensureTopics(topics.map(topic => ({ topic, partitions, replication })))
    this.#announcement = await registry.announce(this.#process())
    this.#retryWorker = await retries.work(
      this.service.name,
      new RetryRuns(this.service.name, this.#runner, this.#backends.sessions),
      RETRY_CONCURRENCY,
    )
    this.#replayWorker = await retries.deadLetters.work(this.service.name, this.#replays, REPLAY_CONCURRENCY)
    this.#cancels = await this.#listenForCancels()
    this.#consumer = await log.consume({
      group: this.service.name,
      topic: requestsTopic(this.service.name),
      handlers: {
        assigned: given => this.#dispatcher.assigned(given),
        records: (partition, records) => this.#dispatcher.records(partition, records),
        revoked: () => this.#dispatcher.revoked(),
      },
    })
    this.#dispatcher.attach(this.#consumer)
    this.#timers.push(
      setInterval(() => this.#commit(), COMMIT_TICK_MS),
      setInterval(() => this.#dispatcher.relieve(), 20),
      setInterval(() => this.#dispatcher.forgetUnused(), FORGET_TICK_MS),
      setInterval(() => this.#announcement.stats(this.#figures()), STATS_TICK_MS),
    )
    return this
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
    await listening.add(cancelChannel(this.service.name))
    return listening
  }

  #process(): WorkerProcess {
    const { name, version, routes } = this.service
    return {
      kind: 'worker',
      id: this.id,
      host: hostname(),
      startedAt: Date.now(),
      stats: {},
      service: name,
      version,
      routes: routes.map(routeSpec),
    }
  }

  /** For the gateways, along with what is finished. */
  #load(): ServiceLoad | undefined {
    const queueMs = this.#queueTime.read(Date.now())
    return queueMs === undefined ? undefined : { service: this.service.name, queueMs }
  }

  #commit(): void {
    this.#dispatcher.commit().catch(error => {
      if (!this.#stopping) this.#logger.warn({ error: (error as Error).message }, 'a commit failed; the next one makes up for it')
    })
  }

  #figures(): Record<string, number> {
    const { handled, handling } = this.#counters
    return {
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
    const reason = `record ${partition}/${offset} of ${requestsTopic(this.service.name)} has no readable causeway header: ${error.message}`
    const now = Date.now()
    const failure = { at: now, worker: this.id, error: reason, attempt: 0 }
    const session = `unreadable-${partition}`
    const letter = {
      service: this.service.name,
      session,
      bucket: bucketOf(key),
      incarnation: '',
      msgId: offset,
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
    this.#logger.info({ outstanding: this.#dispatcher.outstanding }, 'draining')
    const retriesClosed = Promise.all([this.#retryWorker.close(drainTimeout), this.#replayWorker.close(drainTimeout)])
    await this.#dispatcher.stop(Math.min(LEAVE_AFTER_MS, drainTimeout))
    for (const timer of this.#timers) clearInterval(timer)
    await this.#consumer
      .leave()
      .catch(error => this.#logger.warn({ error: (error as Error).message }, 'leaving the group failed; its time-out ends it'))
    await Promise.all([retriesClosed, this.#dispatcher.ended(drainTimeout)])
    this.#running.close()
    await this.#cancels.close()
    await this.#policed.close()
    await this.#runner.streamsEnded()
    await this.#finisher.idle()
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
