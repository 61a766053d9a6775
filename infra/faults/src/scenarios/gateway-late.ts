import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/**
 * A gateway stands still with SYNs in its sockets. Their clients wait, give up and resume at the other one, and no end of those connections comes
 * through: when it wakes, it reads SYNs of sessions that live elsewhere by now.
 */
export const gatewayLate: Scenario = {
  name: 'gateway-late',
  breaks: 'SIGSTOP of a gateway with SYNs in its sockets, a silent cut of those connections, then SIGCONT',
  surroundings: open => kafkaAndRedis(open),
  async begin(installation) {
    await installation.addPairs()
    await installation.relayClients()
  },
  load: { sessions: 16, depth: 8, rate: 80, mix: { count: 12, slow: 1, note: 3, stream: 1, push: 1 } },
  rounds: 4,
  async round({ installation, load, note, pause }, index) {
    const gateway = installation.gateways[index % 2]
    const lines = installation.clientLines
    await pause(300, 1_000)
    note(`SIGSTOP of ${gateway.name}, and resets: clients connect again, those of the other gateway to it`)
    gateway.signal('SIGSTOP')
    for (const line of lines) line.cut()
    // SYNs are sent at once; clients wait three seconds for an answer
    await pause(500, 1_500)
    note(`connections to ${gateway.name} carry nothing any more`)
    lines[index % 2].freeze()
    await pause(3_500, 5_000)
    note(`${gateway.name} wakes`)
    gateway.signal('SIGCONT')
    await load.answers(500)
  },
}
