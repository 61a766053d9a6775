import type { RedisOptions } from '@causeway/redis'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'

/** What a queue of a service is for; its name is `<service>-<kind>`. */
export type QueueKind = 'retries' | 'dead' | 'replays'

/**
 * BullMQ may run a job as often as it must: when to give up is the worker's decision, taken inside the run, and a run that
 * met an absent backend is no attempt.
 */
export const RUNS = 1_000_000

/** The queues of all services, each opened when it is first asked for. */
export class BullmqQueues {
  readonly #redis: Redis
  readonly #options: RedisOptions & { prefix: string }
  readonly #queues = new Map<string, Queue>()

  constructor(redis: Redis, options: RedisOptions & { prefix: string }) {
    this.#redis = redis
    this.#options = options
  }

  get prefix(): string {
    return `${this.#options.prefix}:bull`
  }

  of(service: string, kind: QueueKind): Queue {
    const name = `${service}-${kind}`
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = new Queue(name, { connection: this.#redis, prefix: this.prefix })
      queue.on('error', error => this.#options.logger.warn({ queue: name, error: error.message }, 'retries: queue error'))
      this.#queues.set(name, queue)
    }
    return queue
  }

  /** The key of a job, but for its id. */
  jobKey(service: string, kind: QueueKind): string {
    return `${this.prefix}:${service}-${kind}:`
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(queue => queue.close()))
  }
}
