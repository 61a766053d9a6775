/**
 * Effects of a handler that its finish takes with it: pushes to the own session, writes to its state, emits to other services.
 * All of them take effect where the final is `done`, in the same step, and none of them where it is anything else.
 */

export interface Effects {
  /** PUSH frames to the own session, delivered before the answer. */
  pushes: readonly Uint8Array[]
  state?: StateWrite
  shared?: SharedWrite
  emits?: EmitWrite
}

/** A write to the state that a service keeps of the session. */
export interface StateWrite {
  service: string
  /** The version that the handler read; where the store has another, the final is a `conflict`. */
  version: number
  sets: readonly (readonly [key: string, value: Uint8Array])[]
  deletes: readonly string[]
}

/** A write to what a service keeps for all its sessions. */
export interface SharedWrite {
  service: string
  /** Keys that the handler has read, and their versions then; where one has another, the final is a `conflict`. What was not read is written over. */
  reads: readonly (readonly [key: string, version: number])[]
  sets: readonly (readonly [key: string, value: Uint8Array])[]
  deletes: readonly string[]
}

/** A value that a service keeps for all its sessions. Versions rise, and none is given to a key again. */
export interface SharedValue {
  /** 0 where there is none. */
  version: number
  value: Uint8Array | undefined
}

/** Messages for other services: kept until a relay has appended them to the log. */
export interface EmitWrite {
  /** That emits. */
  service: string
  principal: string
  /** Of a source session that is made now: a random text. */
  incarnation: string
  /** Unix ms at which the source sessions end, unless there is another emit. */
  expiresAt: number
  emits: readonly Emit[]
}

/**
 * One message to another service. Its source is a session of its own in the store, one for each emitting session and target service: it numbers the
 * messages, and marks, parking and dead letters go by it as by any other.
 */
export interface Emit {
  /** '' for what no service of ours is to handle: it is not numbered, its msgId is 0. */
  source: string
  bucket: number
  /** What the relay needs to make a record of it; opaque to the store. */
  record: Uint8Array
}

export interface StateQuery {
  service: string
  session: string
  bucket: number
}

/** All that a service keeps of a session. */
export interface StoredState {
  /** Counts the finishes that wrote to it; 0 where there is none. */
  version: number
  values: Map<string, Uint8Array>
}

/** An emit that waits for the log. */
export interface WaitingEmit {
  /** Its place in the outbox of its bucket. */
  id: string
  /** Its number in its source session, and the number before it: as of any message. */
  msgId: number
  prev: number
  incarnation: string
  record: Uint8Array
}

/** Emits that wait in one bucket of a service, and their bytes: beyond, finishes that emit are refused with `emitsFull`. */
export const EMITS_WAITING = 10_000
export const EMITS_WAITING_BYTES = 16 << 20

/** Keys that a service keeps for all its sessions: beyond, a finish that adds some is refused with `sharedFull`. */
export const SHARED_KEYS = 1_000

/** Bytes that effects bring into a call, about. */
export function effectsBytes({ pushes, state, shared, emits }: Effects): number {
  let bytes = 0
  for (const frame of pushes) bytes += frame.length
  for (const [, value] of state?.sets ?? []) bytes += value.length
  for (const [, value] of shared?.sets ?? []) bytes += value.length
  for (const { record } of emits?.emits ?? []) bytes += record.length
  return bytes
}
