import type { Backend } from './backend.ts'
import { freePort } from './free-port.ts'
import { startKafka } from './kafka.ts'

/** Several brokers of one cluster; the first is also its controller, so tests stop the others. */
export interface KafkaCluster extends AsyncDisposable {
  /** By node id from 1: `brokers[0]` is node 1. */
  brokers: Backend[]
  /** host:port of each. */
  addresses: string[]
  stop(): Promise<void>
}

/** Starts a cluster for the tests in which leaders move; each broker takes about 400 MB. Needs Java, no Docker fallback. */
export async function startKafkaCluster(size: number): Promise<KafkaCluster> {
  const controllerPort = await freePort()
  const voters = `1@127.0.0.1:${controllerPort}`
  const brokers: Backend[] = []
  const stop = async (): Promise<void> => {
    for (const broker of brokers.toReversed()) await broker.stop()
  }
  try {
    for (let node = 1; node <= size; node++) {
      const port = await freePort()
      const controller = node === 1 ? `,CONTROLLER://127.0.0.1:${controllerPort}` : ''
      const properties = {
        'process.roles': node === 1 ? 'broker,controller' : 'broker',
        'node.id': String(node),
        'controller.quorum.voters': voters,
        listeners: `PLAINTEXT://127.0.0.1:${port}${controller}`,
      }
      brokers.push(await startKafka({ port, properties }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { brokers, addresses: brokers.map(broker => broker.address), stop, [Symbol.asyncDispose]: stop }
}
