import type { Config } from '@causeway/config'
import { openDataFolder } from '@causeway/embedded'
import type { Log } from '@causeway/log'
import { openEmbeddedLog } from '@causeway/log/embedded'
import { openKafkaLog } from '@causeway/log/kafka'
import type { Registry } from '@causeway/registry'
import { openEmbeddedRegistry } from '@causeway/registry/embedded'
import { openRedisRegistry } from '@causeway/registry/redis'
import type { Retries } from '@causeway/retries'
import { openBullmqRetries } from '@causeway/retries/bullmq'
import { openEmbeddedRetries } from '@causeway/retries/embedded'
import type { Sessions } from '@causeway/sessions'
import { openEmbeddedSessions } from '@causeway/sessions/embedded'
import { openRedisSessions } from '@causeway/sessions/redis'
import type { Logger } from '@causeway/telemetry'

/** The four ports of one process. */
export interface Backends extends AsyncDisposable {
  /** What stands behind the ports, for people. */
  readonly kind: 'embedded' | 'kafka and redis'
  readonly log: Log
  readonly sessions: Sessions
  readonly retries: Retries
  readonly registry: Registry
  close(): Promise<void>
}

/** Opens the ports; the line that chooses the adapters is here and nowhere else. Rejects where a backend cannot be reached. */
export function openBackends(config: Config, clientId: string, logger: Logger): Promise<Backends> {
  return config.kafkaBrokers !== undefined && config.redisUrl !== undefined
    ? openReal(config, clientId, logger)
    : openEmbedded(config, logger)
}

async function openReal(config: Config, clientId: string, logger: Logger): Promise<Backends> {
  const redis = { url: config.redisUrl!, prefix: config.redisPrefix, logger }
  const log = await openKafkaLog({ brokers: config.kafkaBrokers!, clientId, client: config.kafkaClient, logger })
  const [sessions, retries, registry] = await Promise.all([openRedisSessions(redis), openBullmqRetries(redis), openRedisRegistry(redis)])
  return backends('kafka and redis', { log, sessions, retries, registry }, [registry, retries, sessions, log])
}

async function openEmbedded(config: Config, logger: Logger): Promise<Backends> {
  const folder = await openDataFolder(config.dataDir, { logger })
  const log = await openEmbeddedLog(folder)
  const sessions = await openEmbeddedSessions(folder, { logger })
  const retries = await openEmbeddedRetries(folder, { logger })
  const registry = await openEmbeddedRegistry(folder)
  return backends('embedded', { log, sessions, retries, registry }, [registry, retries, sessions, log, folder])
}

function backends(
  kind: Backends['kind'],
  ports: Pick<Backends, 'log' | 'sessions' | 'retries' | 'registry'>,
  closing: readonly { close(): Promise<void> }[],
): Backends {
  const close = async (): Promise<void> => {
    for (const part of closing) await part.close()
  }
  return { kind, ...ports, close, [Symbol.asyncDispose]: close }
}
