import type { DeadLetter, RetryMessage } from './retries.ts'

/** What a stored message carries beside itself: a job its time, a dead letter its end. */
export interface StoredRetry {
  message: RetryMessage
  /** Unix ms; 0 for one that is parked. */
  dueAt: number
  ordered: boolean
}

/** length u32, JSON of all but the payload, payload as it is. Off the hot path, so that plain JSON serves. */
export function encodeStored<T extends { message: RetryMessage }>(stored: T): Buffer {
  const { value, ...message } = stored.message
  const json = Buffer.from(JSON.stringify({ ...stored, message }))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json, value])
}

export function decodeStored<T extends { message: RetryMessage }>(bytes: Buffer): T {
  const end = 4 + bytes.readUInt32BE(0)
  const stored = JSON.parse(bytes.toString('utf8', 4, end)) as T
  stored.message.value = bytes.subarray(end)
  return stored
}

/** A dead letter as it is stored. */
export interface StoredDeadLetter {
  message: RetryMessage
  deadAt: number
  reason: string
}

export function toStoredDeadLetter({ deadAt, reason, ...message }: DeadLetter): StoredDeadLetter {
  return { message, deadAt, reason }
}
