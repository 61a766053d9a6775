import { connect } from 'amqplib'
import { PEER_WARM_UP_MS } from '../limits.ts'
import { startNode } from '../node-part.ts'
import { packageVersions } from '../package-version.ts'
import { startSystem } from '../start-system.ts'
import type { Subject } from '../subject.ts'
import { startRabbitMq } from './rabbitmq-server.ts'

export const RABBITMQ: Subject = {
  id: 'rabbitmq',
  name: 'RabbitMQ RPC',
  kind: 'peer',
  path: 'one broker, one Node responder; an AMQP connection and channel for each connection, noDelay, answers by direct reply-to, prefetch 1,024, acknowledgements of a turn together',
  durability:
    'request: persistent, in a durable classic queue, publisher confirms (given once it is written or was acknowledged by its consumer; no fsync in between); acknowledged after its answer is published. Answer: not stored',
  firstWarmUpMs: PEER_WARM_UP_MS,
  start: () =>
    startSystem(async parts => {
      const { port, pid } = await startRabbitMq(parts)
      const responder = await startNode(parts, 'RabbitMQ responder', new URL('./rabbitmq-responder.ts', import.meta.url), [String(port)])
      return {
        port,
        generator: new URL('./rabbitmq-generator.ts', import.meta.url),
        processes: { RabbitMQ: pid, responder: responder.pid },
        versions: { RabbitMQ: await versionOf(port), ...packageVersions('amqplib') },
      }
    }),
}

/** As the server itself tells it. */
async function versionOf(port: number): Promise<string> {
  const model = await connect(`amqp://127.0.0.1:${port}`)
  try {
    return String(model.connection.serverProperties.version)
  } finally {
    await model.close()
  }
}
