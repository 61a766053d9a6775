import { type Appender, deadLetterTopic, type Log, type LogRecord } from '@causeway/log'
import { partitionOf } from '@causeway/protocol'
import type { DeadLetter, Retries } from '@causeway/retries'
import type { Logger } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import type { Counters } from './counters.ts'
import { DEAD_LETTER_APPEND_MS } from './limits.ts'

interface DeadLetterRecord extends LogRecord {
  settle: (stored: boolean) => void
}

/** Puts a message where an operator sees it: the dead-letter queue, which is the copy that counts, and the -dlt topic for other tools. */
export class DeadLetters {
  readonly #retries: Retries
  readonly #partitions: number
  readonly #counters: Counters
  readonly #logger: Logger
  #appender: Appender<DeadLetterRecord> | undefined
  readonly #log: Log

  constructor(retries: Retries, log: Log, partitions: number, counters: Counters, logger: Logger) {
    this.#retries = retries
    this.#log = log
    this.#partitions = partitions
    this.#counters = counters
    this.#logger = logger
  }

  /** Resolves when both have it, or one where the other refuses it; repeats are harmless. While Redis is away it waits. */
  async bury(letter: DeadLetter): Promise<void> {
    const { session, msgId, route, reason, attempts } = letter
    for (;;) {
      const queued = await this.#queue(letter)
      const logged = await this.#append(letter)
      if (!logged) this.#counters.deadLettersUnlogged++
      const error = letter.errors.at(-1)?.error
      this.#logger.error({ session, msgId, route, attempts, reason, queued, logged, error }, 'dead letter')
      if (queued || logged) return
    }
  }

  async #queue(letter: DeadLetter): Promise<boolean> {
    try {
      await retrying('burying a dead letter', this.#logger, () => this.#retries.bury(letter))
      return true
    } catch (error) {
      this.#counters.refusedCalls++
      const { session, msgId } = letter
      this.#logger.error({ session, msgId, error: (error as Error).message }, 'the dead-letter queue refuses a message')
      return false
    }
  }

  #append(letter: DeadLetter): Promise<boolean> {
    this.#appender ??= this.#log.appender<DeadLetterRecord>({
      stored: records => {
        for (const record of records) record.settle(true)
      },
      refused: record => record.settle(false),
    })
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#appender.append({
      topic: deadLetterTopic(letter.service),
      partition: partitionOf(letter.bucket, this.#partitions),
      key: letter.session,
      value: letter.value,
      header: letter.header,
      traceparent: letter.traceparent,
      contentType: letter.contentType,
      headers: {
        'causeway-dead-letter': JSON.stringify({
          reason: letter.reason,
          attempts: letter.attempts,
          deadAt: letter.deadAt,
          // without their traces: a header counts against the largest record
          errors: letter.errors.map(({ trace: _, ...error }) => error),
        }),
      },
      deadline: Date.now() + DEAD_LETTER_APPEND_MS,
      resent: false,
      settle: resolve,
    })
    return promise
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#appender?.close(timeoutMs)
  }
}
