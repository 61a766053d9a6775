import type { Logger } from '@causeway/telemetry'
import { Redis } from 'ioredis'

/** First wait before a lost connection is tried again, ms; doubles up to RECONNECT_MAX_MS. */
const RECONNECT_MIN_MS = 50
const RECONNECT_MAX_MS = 1_000
/** Reconnections a command waits through before it fails; callers decide whether to try again. */
const RETRIES_PER_REQUEST = 3

export interface RedisOptions {
  /** redis:// or rediss:// URL. */
  url: string
  /** First part of every key and channel; several installations may share one Redis. Default `causeway`. */
  prefix?: string
  logger: Logger
}

/**
 * A connection that comes back by itself. A command fails after three fruitless reconnections instead of waiting for ever;
 * with `patient` it waits (BullMQ's workers and subscriptions want that).
 */
export function connectRedis(options: RedisOptions, role: string, patient = false): Redis {
  const redis = new Redis(options.url, {
    connectionName: `causeway-${role}`,
    maxRetriesPerRequest: patient ? null : RETRIES_PER_REQUEST,
    retryStrategy: attempt => Math.min(RECONNECT_MIN_MS * 2 ** (attempt - 1), RECONNECT_MAX_MS),
    noDelay: true,
  })
  let reported = false
  redis.on('error', error => {
    if (!reported) options.logger.warn({ role, error: error.message }, 'redis: connection lost, reconnecting')
    reported = true
  })
  redis.on('ready', () => {
    if (reported) options.logger.info({ role }, 'redis: connected again')
    reported = false
  })
  return redis
}

/** Ends a connection; one that cannot say goodbye is cut. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') {
    redis.disconnect()
    return
  }
  await redis.quit().catch(() => redis.disconnect())
}
