/** What a test broker's configuration depends on. */
export interface KafkaPropertiesInput {
  port: number
  controllerPort: number
  dataDir: string
  /** The address that the listeners bind. */
  bind: string
  /** Properties that win over the ones below, for tests that need a broker with other limits. */
  overrides: Record<string, string>
}

/**
 * The properties of one broker that is its own controller, with every internal topic on one replica and few partitions,
 * no wait before a group's first generation, and no topic created by being asked for.
 */
export function kafkaProperties({ port, controllerPort, dataDir, bind, overrides }: KafkaPropertiesInput): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${bind}:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'default.replication.factor': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // the default of 6 s is the least a group may ask for; fault tests want to see a member lost sooner
    'group.min.session.timeout.ms': '1000',
    // a killed broker may register again only once its last session has ended: 9 s by default
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // the default of 128 MB would be taken from the heap for compacting topics that hold a few records
    'log.cleaner.dedupe.buffer.size': '4194304',
    'log.segment.delete.delay.ms': '1000',
    // stop without waiting for a successor: there is no other broker to lead
    'controlled.shutdown.enable': 'false',
    ...overrides,
  }
}

/** The properties as the text of a server.properties file. */
export function propertiesText(properties: Record<string, string>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** The properties as the environment that the public image reads: `log.dirs` is `KAFKA_LOG_DIRS`. */
export function propertiesEnvironment(properties: Record<string, string>): string[] {
  return Object.entries(properties).map(([key, value]) => `KAFKA_${key.replaceAll('.', '_').toUpperCase()}=${value}`)
}
