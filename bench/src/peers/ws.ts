import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'

export const WS: Subject = {
  id: 'ws',
  name: 'ws echo',
  kind: 'transport',
  path: 'one Node process with the ws library, binary messages, no compression; the generator writes masked frames to bare sockets, so that it costs little',
  durability: 'nothing is stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const server = await startNode(parts, 'ws server', new URL('./ws-server.ts', import.meta.url))
      return {
        port: server.port,
        generator: new URL('./ws-generator.ts', import.meta.url),
        processes: { server: server.pid },
        versions: packageVersions('ws'),
      }
    }),
}
