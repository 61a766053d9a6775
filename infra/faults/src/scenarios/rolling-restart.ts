import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** Gateways and workers are replaced one after the other, in order: clients notice nothing but a resume. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  breaks: 'SIGTERM and a successor, of each gateway and worker in turn',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 24, depth: 8, rate: 80, mix: { count: 14, slow: 2, note: 2, stream: 1, push: 1, reject: 1, flaky: 1 } },
  rounds: 6,
  allowance: { noErrors: true, resumeP99Ms: 2_000 },
  async round({ installation, load, note, pause }, index) {
    const slots = index % 2 === 0 ? installation.workers : installation.gateways
    for (const slot of slots) {
      await pause(200, 800)
      note(`${slot.name} is told to end`)
      await slot.stop()
      note(`${slot.name} is started again`)
      await slot.start()
      await load.answers(300)
    }
  },
}
