import { createRequire } from 'node:module'
import type { Logger } from '@causeway/telemetry'
import { Kafka, logLevel, type RetryOptions } from 'kafkajs'
import { decodeBatches } from './kafkajs-fetch.ts'
import { encodeBatches } from './kafkajs-produce.ts'

/** How long a connection may take, ms. */
const CONNECTION_TIMEOUT_MS = 3_000
/** How long a request may take before the connection counts as broken, ms. */
const REQUEST_TIMEOUT_MS = 10_000

interface RequestQueuePrototype {
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  pending: unknown[]
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

/**
 * kafkajs 2.2.4 arms a timer with a negative delay whenever nothing is throttled, about 900 times a second on an idle connection
 * (tulios/kafkajs issue 1751): 4-5 % of a core, and a warning on Node 24. A timer is needed only where requests wait for the end of
 * a throttle; requests that wait for one in flight are looked at when that one ends. Replaced here, on the class, before any client is made.
 */
function repairThrottleTimer(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: RequestQueuePrototype }
  prototype.scheduleCheckPendingRequests = function (this: RequestQueuePrototype): void {
    if (this.throttleCheckTimeoutId !== null && this.throttleCheckTimeoutId !== undefined) return
    const wait = this.throttledUntil - Date.now()
    if (this.pending.length === 0 || wait <= 0) return
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    }, wait)
  }
}
repairThrottleTimer()
encodeBatches()
decodeBatches()

export interface KafkaOptions {
  /** host:port of at least one broker. */
  brokers: readonly string[]
  clientId: string
  /** Which library appends; kafkajs consumes and administers in both cases. Default kafkajs. */
  client?: 'kafkajs' | 'platformatic'
  logger: Logger
}

/** A kafkajs client that logs through ours: its own lines are warnings at most, since the adapter answers for errors. `retry` bounds its connections too. */
export function kafkajsClient(options: KafkaOptions, retry?: RetryOptions): Kafka {
  return new Kafka({
    retry,
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log }) =>
        options.logger.debug({ namespace, error: log.error }, `kafkajs: ${log.message}`),
  })
}
