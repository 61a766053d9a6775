import type { Retries } from '@causeway/retries'
import type { Logger } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import type { Counters } from './counters.ts'

export interface StandingHeadsOptions {
  service: string
  retries: Retries
  counters: Counters
  logger: Logger
}

/** The sessions of these buckets in which a failed message stands as head; undefined where the store refuses to tell. */
export async function standingHeads(options: StandingHeadsOptions, buckets: readonly number[]): Promise<string[] | undefined> {
  const { retries, service, counters, logger } = options
  try {
    return await retrying('reading heads', logger, () => retries.heads(service, buckets))
  } catch (error) {
    counters.refusedCalls++
    logger.error({ error: (error as Error).message }, 'the heads can not be read; each session is offered for parking once')
    return undefined
  }
}
