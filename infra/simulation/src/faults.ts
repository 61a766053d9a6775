import type { ModelClient } from './client.ts'
import type { History } from './history.ts'
import { NO_TROUBLE } from './kafka/cluster.ts'
import type { Fault, FaultKind, Scenario } from './scenario.ts'
import type { Member, System } from './system.ts'
import type { World } from './world.ts'

/** How long ago the store may go back to, ms. */
const GOES_BACK_MS = 800
/** In so long all that run have told the store what they saw of it, ms, once nothing holds them up. */
const TELL_MS = 1_000

/** Makes a scenario's faults happen, and ends them. */
export class Faults {
  readonly #scenario: Scenario
  readonly #world: World
  readonly #system: System
  readonly #clients: readonly ModelClient[]
  readonly #history: History
  /** When the last of the faults so far is over. */
  #overAt = 0
  /** A process that ends with what it alone has seen of the store can tell nobody of a loss (docs/adr/0009): the two keep apart. */
  #wentBack = false

  constructor(scenario: Scenario, world: World, system: System, clients: readonly ModelClient[], history: History) {
    this.#scenario = scenario
    this.#world = world
    this.#system = system
    this.#clients = clients
    this.#history = history
  }

  schedule(outside: Member['process']): void {
    const { loop } = this.#world
    for (const fault of this.#scenario.faults) {
      if (fault.kind === 'redis goes back') loop.after(Math.max(0, fault.atMs - GOES_BACK_MS), outside, () => this.#world.redis.remember())
      loop.after(fault.atMs, outside, () => this.#happen(fault))
    }
    loop.after(this.#scenario.healAfterMs, outside, () => this.#heal())
  }

  #happen(fault: Fault): void {
    const forMs = Math.round(fault.forMs)
    const { now } = this.#world.loop
    const tellingUntil = this.#wentBack ? this.#overAt + TELL_MS : 0
    if (/^(kill|stop) /.test(fault.kind) && now < tellingUntil) return
    this.#overAt = Math.max(this.#overAt, now + forMs)
    this.#history.add({ what: 'fault', at: now, text: `${fault.kind} (${forMs} ms)` })
    const { target } = fault
    const one = <T>(those: readonly T[]): T[] => (those.length === 0 ? [] : [those[target % those.length]!])
    for (const member of one(this.#system.of(fault.kind.endsWith('gateway') ? 'gateway' : 'worker')))
      this.#toMember(fault.kind, member, forMs)
    for (const client of one(this.#clients)) this.#toClient(fault.kind, client, forMs)
    this.#toRedis(fault.kind, one(this.#system.members), forMs)
    this.#toKafka(fault.kind, target, forMs)
  }

  #toMember(kind: FaultKind, member: Member, forMs: number): void {
    if (kind.startsWith('kill ')) this.#system.kill(member)
    else if (kind.startsWith('stop ')) this.#system.stop(member)
    else if (kind.startsWith('pause ')) this.#system.pause(member, forMs)
  }

  #toClient(kind: FaultKind, client: ModelClient, forMs: number): void {
    if (kind === 'cut client') client.cut()
    else if (kind === 'half-open client') client.halfOpen()
    else if (kind === 'take over') client.takeOver()
    else if (kind === 'client does not read') client.stopReading(forMs)
  }

  #toRedis(kind: FaultKind, [member]: readonly Member[], forMs: number): void {
    const { loop, redis, random } = this.#world
    if (kind === 'cut redis' && member !== undefined) this.#system.cutRedis(member)
    else if (kind === 'redis slow') redis.process.pause(loop.now + forMs)
    else if (kind === 'redis away') this.#takeRedisAway(forMs)
    else if (kind === 'redis restarts') {
      this.#takeRedisAway(random.between(1, 1_000))
      redis.restart()
    } else if (kind === 'redis goes back') {
      this.#takeRedisAway(random.between(1, 100))
      if (this.#system.endedSince(loop.now - GOES_BACK_MS)) redis.restart()
      else {
        this.#wentBack = true
        redis.goBack()
      }
    }
  }

  #takeRedisAway(forMs: number): void {
    const { loop, redis } = this.#world
    redis.awayUntil = loop.now + forMs
    this.#system.cutRedisOfAll()
  }

  #toKafka(kind: FaultKind, target: number, forMs: number): void {
    const { loop, kafka, random } = this.#world
    if (kind === 'kafka away') kafka.awayUntil = loop.now + forMs
    else if (kind === 'kafka trouble')
      kafka.trouble = { lost: random.between(0, 0.3), unanswered: random.between(0, 0.3), late: random.between(0, 0.05) }
    else if (kind === 'move leader') {
      const topics = [...kafka.topics.keys()]
      const topic = topics[target % topics.length]
      if (topic !== undefined) kafka.moveLeader(topic, target % kafka.topics.get(topic)!.length)
    }
  }

  /** Pauses end by themselves. */
  #heal(): void {
    const { loop, redis, kafka } = this.#world
    this.#history.add({ what: 'fault', at: loop.now, text: 'all is well from now on' })
    redis.awayUntil = 0
    kafka.awayUntil = 0
    kafka.trouble = NO_TROUBLE
  }
}
