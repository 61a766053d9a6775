import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** Redis dies, stays away, and comes back with all that it acknowledged: nobody need be told of anything. */
export const redisKill: Scenario = {
  name: 'redis-kill',
  breaks: 'kill -9 of Redis with its append-only file, and SIGSTOP of it',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 16, depth: 8, rate: 60, mix: { count: 12, slow: 2, note: 2, flaky: 1, push: 1 } },
  rounds: 4,
  async round({ redis, load, note, pause }, index) {
    await pause(300, 1_500)
    if (index % 2 === 0) {
      note('kill -9 of Redis')
      await redis.kill()
      await pause(100, 4_000)
      note('Redis is started again')
      await redis.startAgain()
    } else {
      note('SIGSTOP of Redis')
      await redis.signal('SIGSTOP')
      await pause(1_000, 5_000)
      note('Redis wakes')
      await redis.signal('SIGCONT')
    }
    await load.answers(500)
  },
}
