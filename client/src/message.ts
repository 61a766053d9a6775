/** One message of the client, from the call to its end. */
import type { Frame, FrameInit } from '@causeway/protocol'
import { decodeError, decodeFrame, encodeFrame, Flag, FrameType, frameFlags, HEADER_SIZE } from '@causeway/protocol'
import { CausewayError, failure } from './errors.ts'
import { DEFAULT_TIMEOUT_MS } from './limits.ts'
import { checkOptions, checkRoute, MESSAGE_OPTIONS } from './option-checks.ts'
import type { MessageOptions } from './options.ts'
import { encodePayload } from './payload.ts'

/** Our own frames are held against the server's maximum, not against the decoder's. */
const ANY_SIZE = { maxPayload: Number.MAX_SAFE_INTEGER }

/** The frame of a message without its numbers; throws TypeError where the payload is no bytes and has no JSON, and TypeError or RangeError where route or options are wrong. */
export function messageInit(type: number, route: string | number, payload: unknown, options: MessageOptions | undefined): FrameInit {
  checkRoute(route)
  checkOptions(options, MESSAGE_OPTIONS)
  const encoded = encodePayload(payload)
  const byName = typeof route === 'string'
  const { timeout, key } = options ?? {}
  const plain = !byName && timeout === undefined && key === undefined
  const metadata = plain ? undefined : { timeout, route: byName ? route : undefined, idempotencyKey: key }
  return { type, opcode: byName ? 0 : route, metadata, ...encoded }
}

/** The frame of a SUBSCRIBE or UNSUBSCRIBE without its numbers. */
export function subscriptionInit(type: number, channel: string, offset: number | undefined): FrameInit {
  return { type, metadata: { channel }, ...(offset === undefined ? {} : encodePayload({ offset })) }
}

/** Whether no further answer follows. */
export function isLast(frame: Frame): boolean {
  return frame.type === FrameType.ERROR || (frame.flags & Flag.MORE) === 0
}

/** What becomes of a message; each is called at most once, except `answer`, which is called for each chunk of a stream. */
export interface MessageEvents {
  /** A RESPONSE; `last` when no more follow. */
  answer(frame: Frame, last: boolean): void
  /** A NOTIFY is stored. */
  stored(): void
  fail(error: CausewayError): void
}

/** A message that waits, is sent, or is stored. */
export class Message {
  readonly oneWay: boolean
  /** Answered by the server itself, on the same connection or not at all: it may be asked again. */
  readonly askedAgain: boolean
  readonly events: MessageEvents
  /** The whole encoded frame; msgId and seq are patched when it is sent. */
  frame: Uint8Array
  /** Bytes of its payload, for which it counts in the window. */
  readonly size: number
  /** Unix milliseconds; infinite where the caller gave no timeout. */
  readonly deadline: number
  /** Unix milliseconds by which the server ends it, as far as a client knows. */
  readonly expected: number
  /** 0 until it is sent. */
  msgId = 0
  stored = false
  /** The last answer has come, or none can come any more. */
  finished = false
  /** The application no longer wants the answer; it is not sent again, and the server is told. */
  cancelled = false
  /** The application has its answer, or has given up. */
  settled = false

  constructor(init: FrameInit, oneWay: boolean, events: MessageEvents, now: number) {
    const timeout = init.metadata?.timeout
    this.oneWay = oneWay
    this.askedAgain = init.type === FrameType.SUBSCRIBE || init.type === FrameType.UNSUBSCRIBE
    this.events = events
    this.frame = encodeFrame(init)
    this.size = payloadSize(this.frame)
    this.deadline = timeout === undefined ? Number.POSITIVE_INFINITY : now + timeout
    this.expected = now + (timeout ?? DEFAULT_TIMEOUT_MS)
  }

  /** Called when it settles: lets go of what was watching for it. */
  release: (() => void) | undefined

  /** The application has its answer, or gives up. */
  settle(): void {
    this.settled = true
    this.release?.()
  }

  /** Fails once; what the application has had an answer to stays as it is. */
  fail(error: CausewayError): void {
    if (this.settled) return
    this.settle()
    this.events.fail(error)
  }

  /** Gives a RESPONSE or ERROR to the application, unless it has given up. */
  take(frame: Frame): void {
    if (this.settled) return
    try {
      if (frame.type === FrameType.ERROR) this.fail(new CausewayError(decodeError(frame.payload)))
      else this.events.answer(frame, isLast(frame))
      if (isLast(frame) && !this.settled) this.settle()
    } catch (cause) {
      this.fail(cause instanceof CausewayError ? cause : failure('BAD_PAYLOAD', 'the answer is labelled JSON and is not', cause))
    }
  }

  /** Makes the frame carry the time that is left, as the server counts from receipt. */
  refreshTimeout(now: number): void {
    if (this.deadline === Number.POSITIVE_INFINITY) return
    const frame = decodeFrame(this.frame, ANY_SIZE)
    const timeout = Math.max(1, Math.ceil(this.deadline - now))
    this.frame = encodeFrame({ ...frame, metadata: { ...frame.metadata, timeout } })
  }
}

/** Bytes of payload in one of our own frames: what follows the header and, where there is one, the metadata with its u16 length. */
function payloadSize(frame: Uint8Array): number {
  if ((frameFlags(frame) & Flag.META) === 0) return frame.length - HEADER_SIZE
  const metadata = 2 + ((frame[HEADER_SIZE] << 8) | frame[HEADER_SIZE + 1])
  return frame.length - HEADER_SIZE - metadata
}
