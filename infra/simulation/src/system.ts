import type { Backends } from '@causeway/backends'
import type { Config } from '@causeway/config'
import type { Worker } from '@causeway/consumers'
import type { Gateway } from '@causeway/gateway'
import type { Ledger } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { clients as redisClients } from './drivers/ioredis.ts'
import { type EventLoop, SimulatedProcess } from './event-loop.ts'
import { simulatedService } from './handlers.ts'
import type { History } from './history.ts'
import type { Product } from './product.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

/** Wait before a process that could not start, or that ended, is started again, ms. */
const RESTART_LEAST_MS = 100
const RESTART_MOST_MS = 2_000
/** Wait before the ledger is asked for again, ms: whoever was asked may stand still or have lost its Redis. */
const ASK_AGAIN_MS = 1_000

/** A gateway or a worker, running or coming up. */
export interface Member {
  kind: 'gateway' | 'worker'
  process: SimulatedProcess
  gateway?: Gateway
  worker?: Worker
  backends?: Backends
  /** It has been told to stop. */
  stopping: boolean
}

/** The product's processes: gateways and workers over one Redis and one Kafka, as an orchestrator keeps them. */
export class System {
  readonly #product: Product
  readonly #scenario: Scenario
  readonly #world: World
  readonly #history: History
  readonly #config: Config
  readonly #outside: SimulatedProcess
  readonly members: Member[] = []
  #numbers = 0
  #endedAt = 0

  constructor(product: Product, scenario: Scenario, world: World, history: History, outside: SimulatedProcess) {
    this.#product = product
    this.#scenario = scenario
    this.#world = world
    this.#history = history
    this.#outside = outside
    const { partitions, window, concurrency, sendBuffer } = scenario
    const flags = {
      ...{ kafkaBrokers: 'simulated:9092', redisUrl: 'redis://simulated', auth: 'none', logLevel: 'silent' },
      ...{ partitions, window, concurrency, sendBuffer, keepAlive: 2_000, drainTimeout: 3_000 },
    }
    this.#config = product.config.loadConfig({ environment: {}, flags })
  }

  get #loop(): EventLoop {
    return this.#world.loop
  }

  start(): void {
    for (let i = 0; i < this.#scenario.gateways; i++) this.#spawn('gateway')
    for (let i = 0; i < this.#scenario.workers; i++) this.#spawn('worker')
  }

  of(kind: Member['kind']): Member[] {
    return this.members.filter(member => member.kind === kind && member.process.alive)
  }

  /** Whether a process has ended since then, or is about to. */
  endedSince(at: number): boolean {
    return this.#endedAt >= at || this.members.some(({ stopping }) => stopping)
  }

  get ports(): number[] {
    return this.of('gateway').flatMap(({ gateway, stopping }) =>
      gateway?.addresses === undefined || stopping ? [] : [gateway.addresses.tcp.port],
    )
  }

  /** It ends between two instructions: what it sent may arrive, what it knew is gone. Another takes its place after a while. */
  kill(member: Member): void {
    if (!member.process.alive) return
    this.#end(member)
    this.#spawnLater(member.kind)
  }

  #end(member: Member): void {
    member.process.alive = false
    this.#endedAt = this.#loop.now
    this.members.splice(this.members.indexOf(member), 1)
    this.#world.network.cutAll(member.process)
    for (const redis of redisClients.get(member.process) ?? []) redis.cut()
  }

  /** Told to stop, as by SIGTERM; ends when it is done. */
  stop(member: Member): void {
    const running = member.gateway ?? member.worker
    if (member.stopping || running === undefined) return
    member.stopping = true
    this.#loop.after(0, member.process, () => {
      void running.stop().then(() => {
        this.#end(member)
        this.#spawnLater(member.kind)
      })
    })
  }

  pause(member: Member, forMs: number): void {
    member.process.pause(this.#loop.now + forMs)
  }

  cutRedis(member: Member): void {
    for (const redis of redisClients.get(member.process) ?? []) if (this.#loop.random.chance(0.7)) redis.cut()
  }

  cutRedisOfAll(): void {
    for (const { process } of this.members) for (const redis of redisClients.get(process) ?? []) redis.cut()
  }

  #spawnLater(kind: Member['kind']): void {
    const wait = this.#loop.random.between(RESTART_LEAST_MS, RESTART_MOST_MS)
    this.#loop.after(wait, this.#outside, () => this.#spawn(kind))
  }

  #spawn(kind: Member['kind']): void {
    const process = new SimulatedProcess(`${kind}-${this.#numbers++}`)
    const member: Member = { kind, process, stopping: false }
    this.members.push(member)
    this.#loop.after(this.#loop.random.between(0, 20), process, () => {
      this.#run(member).catch(error => {
        // a driver or the product lacks something: that is no fault of the run
        if (error instanceof TypeError || error instanceof SyntaxError || /^ERR /.test((error as Error).message)) throw error
        this.#world.trace(process, `could not start: ${(error as Error).message}`)
        this.kill(member)
      })
    })
  }

  async #run(member: Member): Promise<void> {
    const logger = this.#loggerOf(member.process)
    const backends = await this.#open(member.process.name, logger)
    member.backends = backends
    if (member.kind === 'gateway') {
      const gateway = new this.#product.gateway.Gateway(this.#config, backends, logger)
      await gateway.start()
      member.gateway = gateway
    } else {
      const service = simulatedService(this.#product.consumers, this.#history, member.process.name)
      member.worker = await new this.#product.consumers.Worker(service, this.#config, backends, logger).start()
    }
    this.#world.trace(member.process, 'started')
  }

  #open(name: string, logger: Logger): Promise<Backends> {
    return this.#product.backends.openBackends(this.#config, name, logger)
  }

  /** What the store's ledger says, asked by whoever runs and has it first. */
  async ledger(): Promise<Ledger> {
    let ledger: Ledger | undefined
    const ask = (): void => {
      if (ledger !== undefined) return
      for (const { process, backends } of this.members)
        this.#loop.after(0, process, () => void backends?.sessions.ledger().then(took, failed))
      this.#loop.after(ASK_AGAIN_MS, this.#outside, ask)
    }
    const took = (read: Ledger): void => {
      ledger ??= read
    }
    // another one answers, or the same one the next time
    const failed = (): void => undefined
    ask()
    await this.#loop.run(() => ledger !== undefined)
    return ledger!
  }

  /** What the product logs goes into the trace. */
  #loggerOf(process: SimulatedProcess): Logger {
    const line = (level: string) => (about: unknown, text?: string) =>
      this.#world.trace(process, `${level}: ${text ?? ''} ${typeof about === 'object' ? JSON.stringify(about) : String(about)}`)
    const nothing = (): void => {}
    const logger = {
      trace: nothing,
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: (about: unknown, text?: string) => {
        line('error')(about, text)
        if (text?.startsWith('the ledger does not balance')) this.#history.add({ what: 'alarm', at: this.#loop.now, text })
      },
      fatal: line('fatal'),
      child: () => logger,
    }
    return logger as unknown as Logger
  }
}
