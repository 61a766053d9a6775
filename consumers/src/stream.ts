import { setImmediate as nextTurn } from 'node:timers/promises'
import { Codec } from '@causeway/protocol'
import type { Encoded } from './codecs/route-codecs.ts'
import { checkSize } from './execution.ts'
import { type StreamEnd, type StreamParts, StreamWriter } from './stream-writer.ts'
import { unlessAborted } from './unless-aborted.ts'

const NOTHING: Encoded = { payload: new Uint8Array(0), codec: Codec.BYTES }

/** A stream that was cut before anything of it was seen: it may be begun again. */
export interface UnseenStream {
  cut: unknown
}

/**
 * Writes an async iterable's values as chunks, each numbered within this run. A value behind which the iterable ends in the same turn
 * goes as the last frame, else an empty one ends the stream. A stream once seen is not begun again: an error in the middle, an abort of
 * its signal, or another run's chunks end the request with HANDLER_FAILED. Resolves with the result of the end. An iterable that is no
 * longer wanted is told, and not waited for.
 */
export async function writeStream(parts: StreamParts, values: AsyncIterable<unknown>): Promise<StreamEnd | UnseenStream> {
  const { signal, log } = parts.ctx
  const writer = new StreamWriter(parts)
  let iterator: AsyncIterator<unknown> | undefined
  try {
    iterator = values[Symbol.asyncIterator]()
    const last = await writeValues(parts, writer, iterator)
    if (writer.stopped === undefined) return await writer.end(last)
    tell(iterator)
    return await writer.fail(writer.stopped)
  } catch (error) {
    tell(iterator)
    const cut = signal.aborted && error === signal.reason
    if (cut && !writer.begun) return { cut: error }
    log.warn({ error: (error as Error).message }, cut ? 'a stream was cut' : 'a stream failed')
    return await writer.fail(`the stream ${cut ? 'was cut' : 'ended in an error'}: ${(error as Error).message}`)
  }
}

/** All values but the last frame, which is what it returns. */
async function writeValues(parts: StreamParts, writer: StreamWriter, iterator: AsyncIterator<unknown>): Promise<Encoded> {
  const { signal } = parts.ctx
  const value = async (coming: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> => {
    parts.waiting(true)
    const step = await unlessAborted(coming, signal)
    parts.waiting(false)
    return step
  }
  let step = await value(iterator.next())
  while (!step.done && writer.stopped === undefined) {
    const following = iterator.next()
    following.catch(() => undefined)
    const last = await Promise.race([following.then(next => next.done === true), nextTurn(false)])
    // an iterable that watches the signal ends when it is aborted: that is no end of the stream
    signal.throwIfAborted()
    const encoded = parts.encode(step.value)
    checkSize(encoded.payload, parts.maxPayload)
    if (last) return encoded
    await writer.chunk(encoded)
    step = await value(following)
  }
  return NOTHING
}

function tell(iterator: AsyncIterator<unknown> | undefined): void {
  try {
    iterator?.return?.().catch(() => undefined)
  } catch {
    // it may throw as it likes: nobody listens any more
  }
}
