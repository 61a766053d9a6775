import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** kill -9 of one worker of two, then of the other: what they had polled, handled or half handled comes again elsewhere. */
export const workerKill: Scenario = {
  name: 'worker-kill',
  breaks: 'kill -9 of a worker',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 32, depth: 8, rate: 25, slowMs: 600, mix: { count: 14, slow: 1, note: 2, stream: 1, push: 1, reject: 1 } },
  rounds: 4,
  async round({ installation, load, note, pause }, index) {
    const worker = installation.workers[index % 2]
    await pause(300, 1_500)
    note(`kill -9 of ${worker.name}`)
    await worker.kill()
    await pause(0, 2_000)
    note(`${worker.name} is started again`)
    await worker.start()
    await load.answers(500)
  },
}
