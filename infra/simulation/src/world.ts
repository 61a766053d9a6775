import type { EventLoop, SimulatedProcess } from './event-loop.ts'
import type { KafkaCluster } from './kafka/cluster.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { RedisServer } from './redis/server.ts'

/** What the drivers of a run reach for: they stand in for libraries and can be given nothing. */
export interface World {
  readonly loop: EventLoop
  readonly random: Random
  readonly network: Network
  readonly redis: RedisServer
  readonly kafka: KafkaCluster
  /** One line of the run's trace. */
  trace(process: SimulatedProcess, text: string): void
}

let present: World | undefined

/** Enters a world; one at a time. */
export function enter(world: World | undefined): void {
  present = world
}

export function world(): World {
  if (present === undefined) throw new Error('nothing is being simulated just now')
  return present
}
