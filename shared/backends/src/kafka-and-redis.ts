import { openRedisChannels } from '@causeway/channels/redis'
import type { Config } from '@causeway/config'
import { openKafkaLog } from '@causeway/log/kafka'
import { connectRedis, type RedisOptions } from '@causeway/redis'
import { openRedisRegistry } from '@causeway/registry/redis'
import { openRedisResults } from '@causeway/results/redis'
import { openBullmqRetries } from '@causeway/retries/bullmq'
import { openRedisSessions } from '@causeway/sessions/redis'
import { type Logger, silentLogger } from '@causeway/telemetry'
import { type Backends, backends } from './ports.ts'
import { untilReachable } from './reachable.ts'

export async function openKafkaAndRedis(config: Config, clientId: string, logger: Logger): Promise<Backends> {
  const redis = { url: config.redisUrl!, prefix: config.redisPrefix, logger }
  const brokers = config.kafkaBrokers!
  const patience = { withinMs: config.startTimeout, logger }
  const [log] = await Promise.all([
    untilReachable({
      ...patience,
      what: `Kafka at ${brokers.join(', ')}`,
      open: () => openKafkaLog({ brokers, clientId, client: config.kafkaClient, logger }),
    }),
    untilReachable({ ...patience, what: 'Redis', open: () => answers(redis), isFinal: isRefusal }),
  ])
  const [sessions, retries, registry, channels, results] = await Promise.all([
    openRedisSessions(redis),
    openBullmqRetries(redis),
    openRedisRegistry(redis),
    openRedisChannels(redis),
    openRedisResults(redis),
  ])
  const ports = { log, sessions, retries, registry, channels, results }
  return backends('kafka and redis', ports, [registry, retries, sessions, channels, results, log])
}

/** A first connection, ended again: those that stay come back by themselves, and would hide that there is nothing to come back to. */
async function answers(options: RedisOptions): Promise<void> {
  const redis = connectRedis({ ...options, logger: silentLogger }, 'start')
  let cause: Error | undefined
  redis.on('error', error => {
    cause = error
  })
  try {
    await redis.ping()
  } catch (error) {
    throw cause ?? error
  } finally {
    redis.disconnect()
  }
}

/** Wrong credentials, or a server that wants some. */
const isRefusal = ({ message }: Error): boolean => /^(NOAUTH|WRONGPASS|NOPERM)/.test(message)
