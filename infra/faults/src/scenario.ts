import type { Installation } from './installation.ts'
import type { KafkaServers } from './kafka-servers.ts'
import type { Load, LoadShape } from './load.ts'
import type { Random } from './random.ts'
import type { RedisServer } from './redis-server.ts'
import type { Relay } from './relay.ts'
import type { Allowance } from './rules.ts'
import type { SessionClient } from './session-client.ts'
import type { SmallDisk } from './small-disk.ts'

/** Where a scenario's rounds take place. What its surroundings lack is not there, whatever the type says. */
export interface Stage {
  readonly installation: Installation
  readonly load: Load
  readonly random: Random
  readonly redis: RedisServer
  /** Of a scenario that breaks its brokers. */
  readonly kafka: KafkaServers
  /** Of a scenario that breaks the lines to its Redis. */
  readonly redisLine: Relay
  /** Of a scenario that fills a disk. */
  readonly disk: SmallDisk
  /** A client beside the load, that looks for gateways there; what it sees goes into the history. */
  client(ports: () => readonly number[]): SessionClient
  /** Notes in the history what is broken now, or mended. */
  note(what: string): void
  /** Notes that the store has lost what it was told after `keptUntil` (clock.ts; 0: all). */
  lost(keptUntil: number): void
  /** Waits a random time between the two, ms. */
  pause(leastMs: number, mostMs: number): Promise<void>
}

/** What a scenario brings beside gateways and workers. Ended in the reverse order. */
export interface Surroundings {
  /** What tells the processes about their backends. */
  environment: NodeJS.ProcessEnv
  redis?: RedisServer
  kafka?: KafkaServers
  redisLine?: Relay
  disk?: SmallDisk
}

/** Something that cannot be done on this machine; its message says why. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

/** One way to break a running system, again and again, and what it must still keep. */
export interface Scenario {
  name: string
  /** What is broken, in one short sentence: the table's second column. */
  breaks: string
  /** Opens what its processes need; `open` keeps what is to be closed at the end. Throws Skipped. */
  surroundings(open: AsyncDisposableStack): Promise<Surroundings>
  /** Starts processes; default: two gateways and two workers. */
  begin?(installation: Installation): Promise<void>
  load: LoadShape
  rounds: number
  allowance?: Allowance
  /** Breaks something and mends it. */
  round(stage: Stage, index: number): Promise<void>
}
