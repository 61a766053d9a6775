import { setImmediate as nextTurn } from 'node:timers/promises'
import { Codec, encodeFrame, Flag, FrameType } from '@causeway/protocol'
import type { FinishBatcher, FinishResult } from '@causeway/sessions'
import { errorFrame, finalEntry } from './answers.ts'
import type { Context } from './context.ts'
import { encodeValue } from './execution.ts'
import { STREAM_AHEAD } from './limits.ts'
import type { StoredMessage } from './stored-message.ts'

const NOTHING = new Uint8Array(0)

export interface StreamParts {
  message: StoredMessage
  ctx: Context
  finisher: FinishBatcher
  /** Names this run: another one that finds a chunk of it ends the request. */
  run: string
}

/**
 * Writes an async iterable's values as chunks, each numbered within this run. A value behind which the iterable ends in the same turn
 * goes as the last frame, else an empty one ends the stream. A stream once seen is not begun again: an error in the middle, or another
 * run's chunks, end the request with HANDLER_FAILED. Resolves with the result of the end.
 */
export async function writeStream(parts: StreamParts, values: AsyncIterable<unknown>): Promise<FinishResult> {
  const writer = new StreamWriter(parts)
  try {
    const iterator = values[Symbol.asyncIterator]()
    let step = await iterator.next()
    while (!step.done && !writer.stopped && !parts.ctx.signal.aborted) {
      const following = iterator.next()
      following.catch(() => undefined)
      const last = await Promise.race([following.then(next => next.done === true), nextTurn(false)])
      if (last) return await writer.end(encodeValue(step.value))
      await writer.chunk(encodeValue(step.value))
      step = await following
    }
    if (!step.done) await iterator.return?.()
    return await writer.end({ payload: NOTHING, codec: Codec.BYTES })
  } catch (error) {
    parts.ctx.log.warn({ error: (error as Error).message }, 'a stream failed')
    return await writer.fail(`the stream ended in an error: ${(error as Error).message}`)
  }
}

class StreamWriter {
  readonly #parts: StreamParts
  #number = 0
  #waiting = 0
  #room: (() => void) | undefined
  /** Another run has the stream, or nobody waits for it any more. */
  stopped = false
  #taken = false

  constructor(parts: StreamParts) {
    this.#parts = parts
  }

  async chunk({ payload, codec }: { payload: Uint8Array; codec: number }): Promise<void> {
    const { message, finisher, run } = this.#parts
    if (message.header.kind !== 'request') return
    const { session, bucket, header } = message
    const { incarnation, msgId } = header
    this.#waiting++
    finisher.add(
      { kind: 'chunk', session, bucket, incarnation, msgId, run, chunk: this.#number++, frame: this.#frame(payload, codec, Flag.MORE) },
      result => {
        this.#waiting--
        if (result.status !== 'done') this.stopped = true
        if (result.status === 'streamTaken') this.#taken = true
        this.#room?.()
      },
    )
    while (this.#waiting >= STREAM_AHEAD) {
      await new Promise<void>(resolve => {
        this.#room = resolve
      })
    }
  }

  #frame(payload: Uint8Array, codec: number, flags: number): Uint8Array {
    const { msgId, opcode } = this.#parts.message.header
    return encodeFrame({ type: FrameType.RESPONSE, flags, codec, opcode, msgId, payload })
  }

  async end({ payload, codec }: { payload: Uint8Array; codec: number }): Promise<FinishResult> {
    const { message, run } = this.#parts
    if (this.#taken) return await this.fail('another run of this stream was seen already')
    const entry = finalEntry(message, 'answered', this.#frame(payload, codec, 0))
    const result = await this.#finish(message.header.kind === 'request' ? { ...entry, run, chunk: this.#number } : entry)
    return result.status === 'streamTaken' ? await this.fail('another run of this stream was seen already') : result
  }

  async fail(detail: string): Promise<FinishResult> {
    const { message } = this.#parts
    return await this.#finish(finalEntry(message, 'failed', errorFrame(message, 'HANDLER_FAILED', detail)))
  }

  #finish(entry: ReturnType<typeof finalEntry>): Promise<FinishResult> {
    return new Promise(resolve => this.#parts.finisher.add(entry, resolve))
  }
}
