import type { ReplayResult } from '@causeway/retries'
import type { Encoded } from './codecs/route-codecs.ts'
import type { Context } from './context.ts'
import type { Running } from './running.ts'
import { unlessAborted } from './unless-aborted.ts'

/** What a handler answered; more than `maxPayload` bytes are counted and not held. */
export function resultOf(values: readonly Encoded[], maxPayload: number): ReplayResult {
  const bytes = values.reduce((sum, { payload }) => sum + payload.length, 0)
  return bytes > maxPayload ? { bytes } : { bytes, values: values.map(({ payload, codec }) => ({ codec, value64: base64Of(payload) })) }
}

export interface GatherOptions {
  running: Running
  context: Context
  /** How long each value may take. */
  timeoutMs: number
  encode(value: unknown): Encoded
  maxPayload: number
}

/** Takes all values of a stream; rejects where it fails, or a value takes too long. */
export async function gatherStream(options: GatherOptions, values: AsyncIterable<unknown>): Promise<ReplayResult> {
  const { running, context, timeoutMs, encode, maxPayload } = options
  const watched = running.begin(context, Date.now() + timeoutMs, () => undefined)
  const iterator = values[Symbol.asyncIterator]()
  const gathered: Encoded[] = []
  let bytes = 0
  try {
    for (;;) {
      watched.deadline = Date.now() + timeoutMs
      const step = await unlessAborted(iterator.next(), context.signal)
      if (step.done) return bytes > maxPayload ? { bytes } : resultOf(gathered, maxPayload)
      const value = encode(step.value)
      bytes += value.payload.length
      if (bytes <= maxPayload) gathered.push(value)
      else gathered.length = 0
    }
  } catch (error) {
    iterator.return?.().catch(() => undefined)
    throw error
  } finally {
    running.end(watched)
  }
}

const base64Of = (payload: Uint8Array): string => Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64')
