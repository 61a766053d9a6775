import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'
import { natsVersion } from './nats-connect.ts'
import { startNatsServer } from './nats-server.ts'

const natsJetStream = (about: Pick<Subject, 'id' | 'name' | 'path'>, generator: URL): Subject => ({
  ...about,
  kind: 'peer',
  durability:
    'request: in a stream on file (page cache; fsync every two minutes, the default), PubAck for each; explicit acknowledgement after its answer is published. Answer: not stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const { port, pid } = await startNatsServer(parts, { jetStream: true })
      const module = new URL('./nats-jetstream-responder.ts', import.meta.url)
      const responder = await startNode(parts, 'JetStream responder', module, [String(port)])
      return {
        port,
        generator,
        processes: { 'nats-server': pid, responder: responder.pid },
        versions: { 'nats-server': await natsVersion(port), ...packageVersions('@nats-io/jetstream', '@nats-io/transport-node') },
      }
    }),
})

export const NATS_JETSTREAM = natsJetStream(
  {
    id: 'nats-jetstream',
    name: 'JetStream, publish()',
    path: 'one nats-server, one Node responder with a pull consumer; requests by the client’s `publish()` to a stream that keeps them, answers over core NATS to the connection’s inbox',
  },
  new URL('./nats-jetstream-generator.ts', import.meta.url),
)

export const NATS_JETSTREAM_INBOX = natsJetStream(
  {
    id: 'nats-jetstream-inbox',
    name: 'JetStream, own inbox',
    path: 'the same, but requests are published with an inbox of our own for their PubAcks: no timer and no promise a request, as nobody would write it who needs a timeout',
  },
  new URL('./nats-jetstream-inbox-generator.ts', import.meta.url),
)
