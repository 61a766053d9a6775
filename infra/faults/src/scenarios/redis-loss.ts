import { micros } from '../clock.ts'
import type { LoadShape } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

const load: LoadShape = { sessions: 16, depth: 8, rate: 60, mix: { count: 12, slow: 2, note: 1, push: 1 } }

/** Redis is emptied under load: every client is told. */
export const redisFlush: Scenario = {
  name: 'redis-flush',
  breaks: 'FLUSHALL',
  surroundings: open => kafkaAndRedis(open),
  load,
  rounds: 3,
  async round({ redis, load, note, lost, pause }) {
    await pause(1_000, 2_000)
    note('FLUSHALL')
    await redis.command('FLUSHALL')
    lost(0)
    await load.answers(1_000)
  },
}

/** Redis comes back as it was a second before, as after a failover to a replica that lagged behind: who lost something is told. */
export const redisLostSecond: Scenario = {
  name: 'redis-lost-second',
  breaks: 'failover of Redis that loses the last second',
  surroundings: open => kafkaAndRedis(open, 'snapshots'),
  // many sessions that send little: the store gives numbers of what it lost a second time before anybody looks
  load: { ...load, sessions: 64, rate: 3 },
  rounds: 3,
  async round({ redis, load, note, lost, pause }) {
    await pause(500, 1_500)
    const keptUntil = micros()
    await redis.command('SAVE')
    await pause(1_000, 1_500)
    note('Redis goes back by a second')
    await redis.kill()
    lost(keptUntil)
    await redis.startAgain()
    await load.answers(500)
  },
}
