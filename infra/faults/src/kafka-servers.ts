import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, freePort, startKafka } from '@causeway/test-backends'
import { Kafka, logLevel } from 'kafkajs'

interface Broker {
  port: number
  dataDir: string
  properties: Record<string, string>
  backend: Backend
}

/** Brokers of a scenario's own, that die and come back on their ports and folders. The first one is the controller too, and stays. */
export class KafkaServers {
  readonly #folder: string
  readonly #brokers: Broker[] = []

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Each further one takes about 400 MB. Topics made with three replicas have two in-sync ones at least. `parent`: where their folders lie. */
  static async start(size: 1 | 3, parent = tmpdir()): Promise<KafkaServers> {
    const servers = new KafkaServers(await mkdtemp(join(parent, 'causeway-faults-kafka-')))
    const controllerPort = await freePort()
    try {
      for (let node = 1; node <= size; node++) await servers.#add(node, controllerPort, size)
    } catch (error) {
      await servers[Symbol.asyncDispose]()
      throw error
    }
    return servers
  }

  async #add(node: number, controllerPort: number, size: number): Promise<void> {
    const port = await freePort()
    const controller = node === 1 ? `,CONTROLLER://127.0.0.1:${controllerPort}` : ''
    const properties = {
      'process.roles': node === 1 ? 'broker,controller' : 'broker',
      'node.id': String(node),
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port}${controller}`,
      'offsets.topic.replication.factor': String(size),
      'min.insync.replicas': String(Math.min(2, size)),
    }
    const dataDir = join(this.#folder, String(node))
    this.#brokers.push({ port, dataDir, properties, backend: await startKafka({ port, dataDir, properties }) })
  }

  get addresses(): string {
    return this.#brokers.map(({ port }) => `127.0.0.1:${port}`).join(',')
  }

  async kill(node: number): Promise<void> {
    await this.#brokers[node - 1].backend.kill('SIGKILL')
  }

  async startAgain(node: number): Promise<void> {
    const broker = this.#brokers[node - 1]
    broker.backend = await startKafka(broker)
  }

  async signal(node: number, name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    await this.#brokers[node - 1].backend.kill(name)
  }

  /** Sets the largest record that a topic takes, bytes; resolves when it is in force. */
  async limitRecords(topic: string, bytes: number): Promise<void> {
    const admin = new Kafka({ brokers: this.addresses.split(','), logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }]
      // 2: a topic
      await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] })
    } finally {
      await admin.disconnect()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { backend } of this.#brokers.toReversed()) {
      await backend.kill('SIGKILL')
      await backend.stop()
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}
