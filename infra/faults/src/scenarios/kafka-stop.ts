import type { Scenario } from '../scenario.ts'
import { ownKafkaAndRedis } from '../surroundings.ts'

/** The broker stands still or dies with flights in the air; every second time the gateway that sent them dies meanwhile. */
export const kafkaStop: Scenario = {
  name: 'kafka-stop',
  breaks: 'SIGSTOP or kill -9 of the one broker, and kill -9 of a gateway meanwhile',
  surroundings: open => ownKafkaAndRedis(open, 1),
  load: { sessions: 16, depth: 8, rate: 60, mix: { count: 12, slow: 1, note: 4 } },
  rounds: 4,
  async round({ kafka, installation, load, note, pause }, index) {
    const gateway = installation.gateways[(index >> 1) % 2]
    await pause(300, 1_000)
    const dies = index % 4 === 3
    note(dies ? 'kill -9 of the broker' : 'SIGSTOP of the broker')
    await (dies ? kafka.kill(1) : kafka.signal(1, 'SIGSTOP'))
    await pause(100, 900)
    if (index % 2 === 0) {
      note(`kill -9 of ${gateway.name}`)
      await gateway.kill()
    }
    note('the broker is back')
    await (dies ? kafka.startAgain(1) : kafka.signal(1, 'SIGCONT'))
    await load.answers(500)
    if (!gateway.alive) await gateway.start()
  },
}
