import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** Much fails, and messages are parked behind what fails, while workers die: order holds, and each ends once. */
export const retries: Scenario = {
  name: 'retries',
  breaks: 'kill -9 of workers while messages are retried and parked',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 24, depth: 8, rate: 40, mix: { count: 12, flaky: 3, poison: 1, note: 3, slow: 1, push: 1 } },
  rounds: 4,
  async round({ installation, load, note, pause }, index) {
    const worker = installation.workers[index % 2]
    await pause(500, 1_500)
    note(`kill -9 of ${worker.name}`)
    await worker.kill()
    await pause(0, 1_000)
    note(`${worker.name} is started again`)
    await worker.start()
    await load.answers(600)
  },
}
