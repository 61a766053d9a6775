import type { Config } from '@causeway/config'
import type { Logger } from '@causeway/telemetry'
import type { Backends } from './ports.ts'

/**
 * Opens the ports; the line that chooses the adapters is here and nowhere else, and what is not chosen is not loaded. Rejects where a backend cannot be
 * reached within `startTimeout`.
 */
export async function openBackends(config: Config, clientId: string, logger: Logger): Promise<Backends> {
  if (config.kafkaBrokers === undefined || config.redisUrl === undefined)
    return (await import('./embedded.ts')).openEmbedded(config, logger)
  return (await import('./kafka-and-redis.ts')).openKafkaAndRedis(config, clientId, logger)
}
