import type { Scenario } from '../scenario.ts'
import { clientLines } from './client-lines.ts'
import { clockJump } from './clock-jump.ts'
import { diskFullEmbedded, diskFullKafka, diskFullRedis } from './disk-full.ts'
import { embeddedKill } from './embedded-kill.ts'
import { everyByte } from './every-byte.ts'
import { gatewayKill } from './gateway-kill.ts'
import { gatewayLate } from './gateway-late.ts'
import { gatewayStop } from './gateway-stop.ts'
import { kafkaCluster, kafkaLeaderless, kafkaRefuses } from './kafka-cluster.ts'
import { kafkaStop } from './kafka-stop.ts'
import { mixed } from './mixed.ts'
import { redisKill } from './redis-kill.ts'
import { redisLines } from './redis-lines.ts'
import { redisFlush, redisLostSecond } from './redis-loss.ts'
import { retries } from './retries.ts'
import { rollingRestart } from './rolling-restart.ts'
import { workerKill } from './worker-kill.ts'
import { workerStop } from './worker-stop.ts'

/** All scenarios, in the order in which they run and stand in the table. */
export const SCENARIOS: readonly Scenario[] = [
  workerKill,
  workerStop,
  gatewayKill,
  gatewayStop,
  gatewayLate,
  rollingRestart,
  retries,
  everyByte,
  clientLines,
  redisLines,
  redisKill,
  redisFlush,
  redisLostSecond,
  kafkaStop,
  kafkaCluster,
  kafkaLeaderless,
  kafkaRefuses,
  mixed,
  clockJump,
  diskFullRedis,
  diskFullKafka,
  diskFullEmbedded,
  embeddedKill,
]

/** The short selection that runs with the tests: rounds by scenario, about a minute in all. */
export const SHORT: readonly { scenario: Scenario; rounds: number }[] = [
  { scenario: workerKill, rounds: 1 },
  { scenario: gatewayKill, rounds: 2 },
  { scenario: redisLostSecond, rounds: 1 },
  { scenario: embeddedKill, rounds: 5 },
]
