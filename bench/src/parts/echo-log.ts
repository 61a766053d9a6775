import type { Appender, AppenderHandlers, ConsumedRecord, Following, Log, LogConsumer, LogRecord, PartitionLag } from '@causeway/log'
import { FrameType, frameLength, frameType, HEADER_SIZE, patchSeq } from '@causeway/protocol'
import type { Answer, EchoSessions } from './echo-sessions.ts'

/** Where a frame's type stands. */
const TYPE_AT = 3

/** A log that keeps nothing: what a turn of the event loop appends is stored at its end, and each record answered with its own payload. */
export class EchoLog implements Log {
  readonly #sessions: EchoSessions

  constructor(sessions: EchoSessions) {
    this.#sessions = sessions
  }

  appender<R extends LogRecord>(handlers: AppenderHandlers<R>): Appender<R> {
    return new EchoAppender(handlers, this.#sessions)
  }

  async ensureTopics(): Promise<void> {}

  consume(): Promise<LogConsumer> {
    return Promise.reject(new Error('this log keeps nothing that could be consumed'))
  }

  async follow(): Promise<Following> {
    throw new Error('nothing is followed here')
  }

  async partitionsOf(): Promise<undefined> {
    return undefined
  }

  async lag(): Promise<PartitionLag[]> {
    return []
  }

  async read(): Promise<ConsumedRecord[]> {
    return []
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}

class EchoAppender<R extends LogRecord> implements Appender<R> {
  readonly #handlers: AppenderHandlers<R>
  readonly #sessions: EchoSessions
  #records: R[] = []
  waitingBytes = 0

  constructor(handlers: AppenderHandlers<R>, sessions: EchoSessions) {
    this.#handlers = handlers
    this.#sessions = sessions
  }

  get waitingRecords(): number {
    return this.#records.length
  }

  append(record: R): void {
    if (this.#records.length === 0) setImmediate(() => this.#store())
    this.#records.push(record)
    this.waitingBytes += record.value.length
  }

  #store(): void {
    const records = this.#records
    this.#records = []
    this.waitingBytes = 0
    this.#handlers.stored(records)
    this.#sessions.wake(records.map(answerTo))
  }

  async close(): Promise<void> {}
}

/**
 * The request's own bytes, turned into its answer: in a wake-up answers are views of what came over the network, too, and whatever is spent on making
 * one here would count as the gateway's.
 */
function answerTo({ key, value }: LogRecord): Answer {
  const frame = new Uint8Array(value.buffer, value.byteOffset - HEADER_SIZE, HEADER_SIZE + value.length)
  if (frameType(frame) !== FrameType.REQUEST || frameLength(frame) !== frame.length)
    throw new Error(`no bare request stands around a payload of ${value.length} B: expected one without metadata and checksum`)
  frame[TYPE_AT] = FrameType.RESPONSE
  patchSeq(frame, 0)
  return { session: key, frame }
}
