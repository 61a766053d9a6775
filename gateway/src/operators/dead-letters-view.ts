import { Codec, decodeRecordHeader } from '@causeway/protocol'
import type { DeadLetterEntry, Replay, ReplayBatch, ReplayEdit, ReplayResult } from '@causeway/retries'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** A letter as operators see it: all there is, the payload readable where it can be. */
export function letterView({ value, header, traceparent, contentType, replays, errors, bucket: _, ...letter }: DeadLetterEntry): object {
  const message = headerView(header)
  return {
    ...letter,
    bytes: value.length,
    ...readable(value, message?.codec ?? Codec.BYTES),
    headers: { causeway: header, traceparent, contentType },
    message,
    errors,
    replays: replays.map(replay => replayView(replay, letter.route)),
  }
}

function headerView(text: string) {
  try {
    const { kind, codec, opcode, principal, key, deadline } = decodeRecordHeader(text)
    return { kind, codec, opcode, principal, key, deadline }
  } catch {
    return undefined
  }
}

function replayView({ result, outcome, route, ...replay }: Replay, ofLetter: string): object {
  return { ...replay, route: route ?? ofLetter, outcome: outcome ?? 'underWay', result: result && resultView(result) }
}

function resultView({ bytes, values }: ReplayResult): object {
  if (values === undefined) return { bytes, tooLarge: true }
  const shown = values.map(({ codec, value64 }) => readable(Buffer.from(value64, 'base64'), codec))
  return shown.length === 1 ? { bytes, ...shown[0] } : { bytes, chunks: shown }
}

/** `payload` where it is JSON, `text` where it is text, else `payload64`. */
function readable(value: Uint8Array, codec: number): object {
  try {
    const text = strictUtf8.decode(value)
    if (codec !== Codec.JSON) return { text }
    return { payload: JSON.parse(text) as unknown }
  } catch {
    return { payload64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  }
}

/** A batch's progress: `done` answered, `failed` failed or rejected, `waiting` neither ended nor refused. */
export function batchView({ ended, edit, refusals, ...batch }: ReplayBatch): object {
  const { answered, failed, rejected, cancelled } = ended
  const waiting = batch.total - batch.refused - answered - failed - rejected - cancelled
  return { ...batch, done: answered, failed: failed + rejected, rejected, cancelled, waiting, refusals, edit: edit && editView(edit) }
}

export function editView({ route, value64 }: ReplayEdit): object {
  return { route, bytes: value64 === undefined ? undefined : Buffer.byteLength(value64, 'base64') }
}
