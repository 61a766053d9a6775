import { createHash } from 'node:crypto'
import { check, type Violation } from './checker.ts'
import { ModelClient } from './client.ts'
import { checkEffects } from './effects-check.ts'
import { EPOCH_MS, EventLoop, SimulatedProcess } from './event-loop.ts'
import { Faults } from './faults.ts'
import { simulateGlobals } from './globals.ts'
import { History } from './history.ts'
import { KafkaCluster } from './kafka/cluster.ts'
import { Network } from './network.ts'
import type { Product } from './product.ts'
import { unaccounted, unsettled } from './quiet.ts'
import { Random } from './random.ts'
import { RedisServer } from './redis/server.ts'
import { type Scenario, scenarioOf } from './scenario.ts'
import { System } from './system.ts'
import { enter, type World } from './world.ts'

/** Simulated ms that all may take to be answered once nothing goes wrong any more. */
const SETTLE_MS = 120_000
/** Simulated ms between two looks at whether all is quiet. */
const LOOK_MS = 250
/** Events of one run, beyond which it goes in a circle. */
const MOST_STEPS = 3_000_000

export interface RunOptions {
  /** Hears of each line of the trace. */
  trace?: (line: string) => void
}

export interface RunResult {
  seed: number
  violations: Violation[]
  scenario: Scenario
  history: History
  steps: number
  simulatedMs: number
  /** A digest of the whole trace: equal for equal runs. */
  digest: string
}

/** One run: everything in it follows from its seed. */
export async function simulate(product: Product, seed: number, options: RunOptions = {}): Promise<RunResult> {
  const run = new Run(product, seed, options)
  const restore = simulateGlobals(run.loop)
  enter(run.world)
  const unhandled = (error: unknown): void => run.failed(`a rejected promise that nobody handled: ${text(error)}`)
  process.on('unhandledRejection', unhandled)
  try {
    return await run.play()
  } finally {
    enter(undefined)
    restore()
    process.off('unhandledRejection', unhandled)
  }
}

const text = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

class Run {
  readonly loop: EventLoop
  readonly world: World
  readonly #seed: number
  readonly #trace: ((line: string) => void) | undefined
  readonly #digest = createHash('sha256')
  readonly #outside = new SimulatedProcess('outside')
  readonly #scenario: Scenario
  readonly #history: History
  readonly #system: System
  readonly #clients: ModelClient[]
  readonly #failures: Violation[] = []

  constructor(product: Product, seed: number, { trace }: RunOptions) {
    this.#seed = seed
    this.#trace = trace
    const random = new Random(seed)
    this.#scenario = scenarioOf(random)
    const loop = new EventLoop(random, this.#outside)
    const network = new Network(loop)
    this.loop = loop
    this.world = {
      ...{ loop, random, network, redis: new RedisServer(loop), kafka: new KafkaCluster(loop) },
      trace: (process, line) => this.#told(process.name, line),
    }
    this.#history = new History(({ what, at: _at, ...about }) => this.#told('seen', `${what} ${JSON.stringify(about)}`))
    this.#system = new System(product, this.#scenario, this.world, this.#history, this.#outside)
    this.#clients = this.#scenario.clients.map(
      (client, index) =>
        new ModelClient({ ...client, name: `client-${index}`, ports: () => this.#system.ports, loop, network, history: this.#history }),
    )
    loop.onThrow = (error, process) => this.failed(`${process.name}: ${text(error)}`)
  }

  failed(detail: string): void {
    this.#told('violation', detail.split('\n')[0]!)
    this.#failures.push({ promise: 'no crash', detail })
  }

  async play(): Promise<RunResult> {
    const { loop } = this
    this.#system.start()
    for (const client of this.#clients) loop.after(loop.random.between(50, 1_000), client.process, () => client.start())
    new Faults(this.#scenario, this.world, this.#system, this.#clients, this.#history).schedule(this.#outside)
    const healed = EPOCH_MS + this.#scenario.healAfterMs
    let open: string[] = ['nothing was looked at']
    let lookAt = healed
    const done = (): boolean => {
      if (this.#failures.length > 0 || loop.steps > MOST_STEPS) return true
      if (loop.now < lookAt) return false
      lookAt = loop.now + LOOK_MS
      open = unsettled(this.world, this.#clients)
      return open.length === 0 || loop.now > healed + SETTLE_MS
    }
    await loop.run(done)
    if (open.length > 0 && this.#failures.length === 0) this.#notQuiet(open)
    // what a store has lost is in no ledger
    if (this.#failures.length === 0 && !this.world.redis.wentBack) {
      await this.#balance()
      this.#failures.push(...checkEffects(this.world.redis.data, this.#history.seen))
    }
    return this.#result()
  }

  async #balance(): Promise<void> {
    for (const detail of unaccounted(await this.#system.ledger())) this.#failures.push({ promise: 'G9', detail })
    for (const { what, at } of this.#history.seen)
      if (what === 'alarm')
        this.#failures.push({ promise: 'G9', detail: `the ledger did not balance at ${at - EPOCH_MS}, and nothing was lost` })
  }

  #notQuiet(open: readonly string[]): void {
    const detail = `not quiet ${Math.round(SETTLE_MS / 1_000)} s after all was well: ${open.join('; ')}`
    this.#failures.push({ promise: 'liveness', detail })
  }

  #result(): RunResult {
    const violations = [...this.#failures, ...check(this.#history.seen, this.#failures.length === 0)]
    const { steps, now } = this.loop
    return {
      ...{ seed: this.#seed, violations, scenario: this.#scenario, history: this.#history, steps },
      simulatedMs: now - EPOCH_MS,
      digest: this.#digest.digest('hex'),
    }
  }

  #told(who: string, line: string): void {
    const told = `${(this.loop.now - EPOCH_MS).toFixed(3).padStart(10)} ${who.padEnd(12)} ${line}`
    this.#digest.update(told)
    this.#trace?.(told)
  }
}
