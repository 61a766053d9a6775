import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** A gateway stands still with messages in its sockets and flights in the air; its sessions move; it wakes and goes on where it stood. */
export const gatewayStop: Scenario = {
  name: 'gateway-stop',
  breaks: 'SIGSTOP of a gateway until its sessions have moved, then SIGCONT',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 16, depth: 12, rate: 80, mix: { count: 12, slow: 1, note: 3, stream: 1, push: 1 } },
  rounds: 4,
  async round({ installation, load, note, pause }, index) {
    const gateway = installation.gateways[index % 2]
    await pause(300, 1_000)
    note(`SIGSTOP of ${gateway.name}`)
    gateway.signal('SIGSTOP')
    // clients leave a silent gateway after three keep-alive times
    await pause(3_500, 6_000)
    note(`${gateway.name} wakes`)
    gateway.signal('SIGCONT')
    await load.answers(500)
  },
}
