import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'
import { natsVersion } from './nats-connect.ts'
import { startNatsServer } from './nats-server.ts'

const natsCore = (about: Pick<Subject, 'id' | 'name' | 'path'>, generator: URL): Subject => ({
  ...about,
  kind: 'peer',
  durability: 'nothing is stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const { port, pid } = await startNatsServer(parts, { jetStream: false })
      const responder = await startNode(parts, 'NATS responder', new URL('./nats-core-responder.ts', import.meta.url), [String(port)])
      return {
        port,
        generator,
        processes: { 'nats-server': pid, responder: responder.pid },
        versions: { 'nats-server': await natsVersion(port), ...packageVersions('@nats-io/transport-node') },
      }
    }),
})

export const NATS_CORE = natsCore(
  {
    id: 'nats-core',
    name: 'NATS core, request()',
    path: 'one nats-server, one Node responder with a callback; a connection for each connection, requests by the client’s `request()`',
  },
  new URL('./nats-core-generator.ts', import.meta.url),
)

export const NATS_CORE_INBOX = natsCore(
  {
    id: 'nats-core-inbox',
    name: 'NATS core, own inbox',
    path: 'the same, but requests are published with an inbox of our own: no timer and no promise a request, as nobody would write it who needs a timeout',
  },
  new URL('./nats-core-inbox-generator.ts', import.meta.url),
)
