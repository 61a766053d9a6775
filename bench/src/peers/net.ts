import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'

export const NET: Subject = {
  id: 'net',
  name: 'net echo',
  kind: 'transport',
  path: 'one Node process on bare TCP; it cuts length-prefixed frames out of each read and answers them in one write',
  durability: 'nothing is stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const server = await startNode(parts, 'net server', new URL('./net-server.ts', import.meta.url))
      return {
        port: server.port,
        generator: new URL('./net-generator.ts', import.meta.url),
        processes: { server: server.pid },
        versions: {},
      }
    }),
}
