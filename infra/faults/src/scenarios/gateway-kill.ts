import type { Scenario } from '../scenario.ts'
import { kafkaAndRedis } from '../surroundings.ts'

/** kill -9 of a gateway: its sessions resume at the other, within two seconds. */
export const gatewayKill: Scenario = {
  name: 'gateway-kill',
  breaks: 'kill -9 of a gateway',
  surroundings: open => kafkaAndRedis(open),
  load: { sessions: 16, depth: 8, rate: 60, mix: { count: 12, slow: 2, note: 2, stream: 1, push: 1, reject: 1 } },
  rounds: 8,
  allowance: { resumeP99Ms: 2_000 },
  async round({ installation, load, note, pause }, index) {
    const gateway = installation.gateways[index % 2]
    await pause(300, 1_500)
    note(`kill -9 of ${gateway.name}`)
    await gateway.kill()
    await load.answers(300)
    note(`${gateway.name} is started again`)
    await gateway.start()
  },
}
