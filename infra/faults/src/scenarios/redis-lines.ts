import type { LineFault } from '../relay.ts'
import type { Scenario } from '../scenario.ts'
import { kafkaAndRedisLine } from '../surroundings.ts'

/** Bytes within which a connection to Redis is reset: some calls of a busy process. */
const RESET_WITHIN = 200_000

/** Between the processes and Redis: resets at random bytes, so that a call is done and its reply lost; delays; connections that carry nothing for a while. */
export const redisLines: Scenario = {
  name: 'redis-lines',
  breaks: 'resets, delays, one-byte pieces and half-open connections to Redis',
  surroundings: open => kafkaAndRedisLine(open),
  load: { sessions: 16, depth: 8, rate: 50, mix: { count: 12, slow: 2, note: 3, flaky: 1, stream: 1, push: 1 } },
  rounds: 8,
  async round({ redisLine, load, random, note, pause }, index) {
    const faults: [string, () => LineFault][] = [
      [
        'are reset after some bytes',
        () => ({ resetAfterSent: random.index(RESET_WITHIN), resetAfterReceived: random.index(RESET_WITHIN) }),
      ],
      ['are late', () => ({ delayMs: random.between(1, 10) })],
      ['carry bytes one by one', () => ({ slices: true })],
    ]
    if (index % 4 === 3) {
      note('connections to Redis stay open and carry nothing')
      redisLine.freeze()
      await pause(1_000, 3_000)
    } else {
      const [what, fault] = faults[index % 4]
      note(`connections to Redis ${what}`)
      redisLine.fault = fault
      redisLine.cut()
      await pause(2_000, 3_000)
    }
    note('connections to Redis are whole again')
    redisLine.fault = () => ({})
    redisLine.cut()
    await load.answers(500)
  },
}
