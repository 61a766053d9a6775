import { type Backend, BackendUnavailable, startKafka, testBackends } from '@causeway/test-backends'
import { KafkaServers } from './kafka-servers.ts'
import { type Persistence, RedisServer } from './redis-server.ts'
import { Relay } from './relay.ts'
import { Skipped, type Surroundings } from './scenario.ts'

let sharedKafka: Promise<Backend> | undefined

/** Address of the broker of all scenarios that don't break theirs: the tests' own where there is one, else one that ends by `stopSharedKafka`. */
async function kafkaForAll(): Promise<string> {
  const { kafka } = testBackends()
  if (kafka !== undefined) return kafka
  sharedKafka ??= startKafka()
  return (await sharedKafka).address
}

export async function stopSharedKafka(): Promise<void> {
  await (await sharedKafka?.catch(() => undefined))?.stop()
  sharedKafka = undefined
}

/** What rejects with BackendUnavailable makes its scenario skipped. */
export async function orSkipped<T>(starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    if (error instanceof BackendUnavailable) throw new Skipped(error.message, { cause: error })
    throw error
  }
}

/** The broker of all, and a Redis of the scenario's own. */
export async function kafkaAndRedis(
  open: AsyncDisposableStack,
  persistence: Persistence = 'log',
): Promise<Surroundings & { redis: RedisServer }> {
  const kafka = await orSkipped(kafkaForAll())
  const redis = open.use(await orSkipped(RedisServer.start(persistence)))
  return { environment: realEnvironment(kafka, redis.port), redis }
}

/** Brokers and a Redis of the scenario's own. */
export async function ownKafkaAndRedis(
  open: AsyncDisposableStack,
  brokers: 1 | 3,
  replication: 1 | 3 = brokers,
): Promise<Surroundings & { kafka: KafkaServers }> {
  const kafka = open.use(await orSkipped(KafkaServers.start(brokers)))
  const redis = open.use(await orSkipped(RedisServer.start('log')))
  const environment = { ...realEnvironment(kafka.addresses, redis.port), CAUSEWAY_REPLICATION: String(replication) }
  return { environment, redis, kafka }
}

export const realEnvironment = (kafka: string, redisPort: number): NodeJS.ProcessEnv => ({
  CAUSEWAY_KAFKA_BROKERS: kafka,
  CAUSEWAY_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
})

/** The same with a relay on the way to Redis. */
export async function kafkaAndRedisLine(open: AsyncDisposableStack): Promise<Surroundings & { redisLine: Relay }> {
  const { environment, redis } = await kafkaAndRedis(open)
  const redisLine = open.use(await Relay.to(redis.port))
  return { environment: { ...environment, CAUSEWAY_REDIS_URL: `redis://127.0.0.1:${redisLine.port}` }, redis, redisLine }
}

/** None: gateway and worker in one process, on its data folder. */
export const embedded = async (): Promise<Surroundings> => ({ environment: {} })
