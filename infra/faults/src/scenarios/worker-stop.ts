import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** A worker stands still until its group has given its partitions away; it wakes in the midst of handlers that ran elsewhere meanwhile. */
export const workerStop: Scenario = {
  name: 'worker-stop',
  breaks: 'SIGSTOP of a worker beyond its session time-out, then SIGCONT',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 32, depth: 8, rate: 25, slowMs: 600, mix: { count: 14, slow: 1, note: 2, stream: 1, push: 1, reject: 1 } },
  rounds: 3,
  async round({ installation, load, note, pause }, index) {
    const worker = installation.workers[index % 2]
    await pause(300, 1_000)
    note(`SIGSTOP of ${worker.name}`)
    worker.signal('SIGSTOP')
    await pause(10_000, 13_000)
    note(`${worker.name} wakes`)
    worker.signal('SIGCONT')
    await load.answers(1_000)
  },
}
