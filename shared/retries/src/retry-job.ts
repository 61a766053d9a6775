import type { AttemptError, DeadLetter, RetryMessage } from './retries.ts'

/** A retry message as BullMQ and Bull Board see it: JSON, the payload readable where it is text. */
export interface RetryJob {
  service: string
  route: string
  session: string
  /** Where it is not its session. */
  lane?: string
  bucket: number
  incarnation: string
  msgId: number
  attempts: number
  errors: AttemptError[]
  /** The payload where it is valid UTF-8 … */
  payload?: string
  /** … else base64 of it. */
  payload64?: string
  header: string
  traceparent?: string
  contentType?: string
  ordered: boolean
}

export interface DeadLetterJob extends RetryJob {
  deadAt: number
  reason: string
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function toJob(message: RetryMessage, ordered: boolean): RetryJob {
  const { service, route, session, lane, bucket, incarnation, msgId, attempts, errors, header, traceparent, contentType } = message
  return {
    service,
    route,
    session,
    ...(lane === undefined ? {} : { lane }),
    bucket,
    incarnation,
    msgId,
    attempts,
    errors,
    ...payloadFields(message.value),
    header,
    traceparent,
    contentType,
    ordered,
  }
}

export function toDeadLetterJob(letter: DeadLetter): DeadLetterJob {
  return { ...toJob(letter, false), deadAt: letter.deadAt, reason: letter.reason }
}

export function fromJob(job: RetryJob): RetryMessage {
  const { service, route, session, lane, bucket, incarnation, msgId, attempts, errors, header, traceparent, contentType } = job
  const value = job.payload64 === undefined ? Buffer.from(job.payload ?? '') : Buffer.from(job.payload64, 'base64')
  const own = lane === undefined ? {} : { lane }
  return { service, route, session, ...own, bucket, incarnation, msgId, attempts, errors, header, value, traceparent, contentType }
}

function payloadFields(value: Uint8Array): { payload: string } | { payload64: string } {
  try {
    return { payload: strictUtf8.decode(value) }
  } catch {
    return { payload64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  }
}
