import type { Channels } from '@causeway/channels'
import { embeddedChannels } from '@causeway/channels/embedded'
import { openRedisChannels } from '@causeway/channels/redis'
import type { Config } from '@causeway/config'
import { openDataFolder } from '@causeway/embedded'
import type { Log } from '@causeway/log'
import { openEmbeddedLog } from '@causeway/log/embedded'
import { openKafkaLog } from '@causeway/log/kafka'
import { connectRedis, type RedisOptions } from '@causeway/redis'
import type { Registry } from '@causeway/registry'
import { openEmbeddedRegistry } from '@causeway/registry/embedded'
import { openRedisRegistry } from '@causeway/registry/redis'
import type { Results } from '@causeway/results'
import { openEmbeddedResults } from '@causeway/results/embedded'
import { openRedisResults } from '@causeway/results/redis'
import type { Retries } from '@causeway/retries'
import { openBullmqRetries } from '@causeway/retries/bullmq'
import { openEmbeddedRetries } from '@causeway/retries/embedded'
import type { Sessions } from '@causeway/sessions'
import { openEmbeddedSessions } from '@causeway/sessions/embedded'
import { openRedisSessions } from '@causeway/sessions/redis'
import { type Logger, silentLogger } from '@causeway/telemetry'
import { untilReachable } from './reachable.ts'

/** The ports of one process. */
export interface Backends extends AsyncDisposable {
  /** What stands behind the ports, for people. */
  readonly kind: 'embedded' | 'kafka and redis'
  readonly log: Log
  readonly sessions: Sessions
  readonly retries: Retries
  readonly registry: Registry
  readonly channels: Channels
  readonly results: Results
  close(): Promise<void>
}

/** Opens the ports; the line that chooses the adapters is here and nowhere else. Rejects where a backend cannot be reached within `startTimeout`. */
export function openBackends(config: Config, clientId: string, logger: Logger): Promise<Backends> {
  return config.kafkaBrokers !== undefined && config.redisUrl !== undefined
    ? openReal(config, clientId, logger)
    : openEmbedded(config, logger)
}

async function openReal(config: Config, clientId: string, logger: Logger): Promise<Backends> {
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

async function openEmbedded(config: Config, logger: Logger): Promise<Backends> {
  const folder = await openDataFolder(config.dataDir, { logger })
  const log = await openEmbeddedLog(folder)
  const sessions = await openEmbeddedSessions(folder, { logger })
  const retries = await openEmbeddedRetries(folder, { logger })
  const registry = await openEmbeddedRegistry(folder)
  const channels = embeddedChannels()
  const results = await openEmbeddedResults(folder)
  const ports = { log, sessions, retries, registry, channels, results }
  return backends('embedded', ports, [registry, retries, sessions, channels, results, log, folder])
}

function backends(
  kind: Backends['kind'],
  ports: Pick<Backends, 'log' | 'sessions' | 'retries' | 'registry' | 'channels' | 'results'>,
  closing: readonly { close(): Promise<void> }[],
): Backends {
  const close = async (): Promise<void> => {
    for (const part of closing) await part.close()
  }
  return { kind, ...ports, close, [Symbol.asyncDispose]: close }
}
