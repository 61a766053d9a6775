import type { Log, LogRecord } from '@causeway/log'
import type { WaitingEmit } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { retrying } from '../backend-retry.ts'
import { recordOf, topicRecordOf, unpackEmit } from './emit-record.ts'

export interface EmitTopicsOptions {
  log: Pick<Log, 'partitionsOf' | 'ensureTopics'>
  /** Of our own topics, and of those that are made here. */
  partitions: number
  replication: number
  logger: Logger
}

/** Where emits go: which topic, and which of its partitions. Topics of the user's own that are missing are made. */
export class EmitTopics {
  readonly #options: EmitTopicsOptions
  /** Partitions of topics of the user's own; as many as a service's code names. */
  readonly #partitions = new Map<string, Promise<number>>()

  constructor(options: EmitTopicsOptions) {
    this.#options = options
  }

  /** Undefined where its topic can't be had just now, which is said: the emit is left where it is. While the log is away it waits. */
  async recordOf(emit: WaitingEmit): Promise<LogRecord | undefined> {
    const read = unpackEmit(emit.record)
    const { topic } = read.head
    if (topic === undefined) return recordOf(emit, this.#options.partitions)
    try {
      return topicRecordOf(read, await this.#partitionsOf(topic))
    } catch (error) {
      this.#partitions.delete(topic)
      this.#options.logger.error({ topic, error: (error as Error).message }, 'the topic of an emit can not be read or made')
      return undefined
    }
  }

  #partitionsOf(topic: string): Promise<number> {
    const known = this.#partitions.get(topic)
    if (known !== undefined) return known
    const asked = retrying(`looking for topic ${topic}`, this.#options.logger, () => this.#ask(topic))
    this.#partitions.set(topic, asked)
    return asked
  }

  async #ask(topic: string): Promise<number> {
    const { log, partitions, replication } = this.#options
    const there = await log.partitionsOf(topic)
    if (there !== undefined) return there
    await log.ensureTopics([{ topic, partitions, replication }])
    return partitions
  }
}
