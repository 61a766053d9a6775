import { OUTBOX_BYTES, OUTBOX_MESSAGES } from '@causeway/protocol'
import type { Effects } from './effects.ts'
import type { FinishChunk, FinishEntry, FinishFinal, FinishPush, FinishStatus } from './sessions.ts'
import type { SessionState } from './sessions-embedded-state.ts'

/** Why a final with these effects can not be done. */
type Forbidden = (effects: Effects) => FinishStatus | undefined

/** Gives an entry its effect on a session, or says why it has none. The session is of the entry's incarnation. */
export function finishEntry(state: SessionState, entry: FinishEntry, forbidden: Forbidden): FinishStatus {
  if (entry.msgId !== undefined && state.marks.has(entry.msgId)) {
    if (entry.kind === 'final') state.marks.closeGap(entry.msgId, entry.prev)
    return 'duplicate'
  }
  if (entry.kind === 'push') return push(state, entry)
  return entry.kind === 'chunk' ? addChunk(state, entry) : finish(state, entry, forbidden)
}

function push(state: SessionState, { frame }: FinishPush): FinishStatus {
  if (!frame) return 'done'
  if (!hasRoom(state, frame)) return 'outboxFull'
  state.deliver(frame)
  return 'done'
}

const hasRoom = (state: SessionState, ...frames: readonly Uint8Array[]): boolean =>
  state.seq - state.acknowledged < OUTBOX_MESSAGES && frames.reduce((sum, frame) => sum + frame.length, state.outbox.bytes) <= OUTBOX_BYTES

function addChunk(state: SessionState, { msgId, run, chunk, frame }: FinishChunk): FinishStatus {
  const refusal = streamRefusal(state, msgId, run, chunk)
  if (refusal) return refusal
  if (frame && !hasRoom(state, frame)) return 'outboxFull'
  if (frame) state.deliver(frame)
  state.streams.set(msgId, { run, next: chunk + 1 })
  return 'done'
}

function finish(state: SessionState, { msgId, prev, frame, run, chunk, effects }: FinishFinal, forbidden: Forbidden): FinishStatus {
  const refusal = run === undefined ? undefined : streamRefusal(state, msgId, run, chunk ?? 0)
  if (refusal) return refusal
  if (effects !== undefined) {
    const status = forbidden(effects)
    if (status !== undefined) return status
    const { pushes } = effects
    if (pushes.length > 0 && !hasRoom(state, ...pushes)) return 'outboxFull'
    for (const push of pushes) state.deliver(push)
  }
  if (frame) state.deliver(frame)
  else state.finishedSilently.push(msgId)
  state.streams.delete(msgId)
  state.marks.finish(msgId, prev)
  return 'done'
}

/** Only the next chunk of the run that began the stream is taken; one it took before is a repeat. */
function streamRefusal(state: SessionState, msgId: number, run: string, chunk: number): FinishStatus | undefined {
  const stream = state.streams.get(msgId)
  if (!stream) return chunk === 0 ? undefined : 'streamTaken'
  if (stream.run !== run || chunk > stream.next) return 'streamTaken'
  return chunk < stream.next ? 'duplicate' : undefined
}
