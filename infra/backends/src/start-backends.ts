import { type Backend, BackendUnavailable } from './backend.ts'
import { type KafkaOptions, startKafka } from './kafka.ts'
import { type RedisOptions, startRedis } from './redis.ts'

/** Kafka and Redis as far as this machine has them, with what tests read from their environment. */
export interface StartedBackends {
  /** `CAUSEWAY_TEST_KAFKA` and `CAUSEWAY_TEST_REDIS` of what runs, `CAUSEWAY_TEST_KAFKA_MISSING` … of what doesn't. */
  readonly environment: Record<string, string>
  /** One line for each that couldn't be started. */
  readonly missing: string[]
  stop(): Promise<void>
}

/**
 * Starts Kafka and Redis at the same time. One that this machine can't run is named in `missing`; any other failure
 * (a taken port, a broken download) rejects, with nothing left running.
 */
export async function startBackends(options: { kafka?: KafkaOptions; redis?: RedisOptions } = {}): Promise<StartedBackends> {
  const results = await Promise.allSettled([startKafka(options.kafka), startRedis(options.redis)])
  const running: Backend[] = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  const stop = async () => void (await Promise.all(running.map(backend => backend.stop())))
  const environment: Record<string, string> = {}
  const missing: string[] = []
  for (const [index, variable] of ['CAUSEWAY_TEST_KAFKA', 'CAUSEWAY_TEST_REDIS'].entries()) {
    const result = results[index]!
    if (result.status === 'fulfilled') environment[variable] = result.value.address
    else if (result.reason instanceof BackendUnavailable) {
      environment[`${variable}_MISSING`] = result.reason.message
      missing.push(result.reason.message)
    } else {
      await stop()
      throw result.reason
    }
  }
  return { environment, missing, stop }
}
