import { randomBytes } from 'node:crypto'
import type { LogRecord } from '@causeway/log'
import { bucketOf, Codec, Flag, FrameType, frameFlags, frameType, OWN_SESSION } from '@causeway/protocol'
import type { CatchUpQuery, FinishFinal, OpenSession, RenewEntry } from '@causeway/sessions'
import { json } from '../codecs/json.ts'
import { messagePack } from '../codecs/message-pack.ts'
import { readDelivery } from './delivery.ts'
import { answeredError } from './request-error.ts'

/** How long the session of a request outlives its deadline, ms: for as long as its TIMEOUT may be on its way. */
const SESSION_GRACE_MS = 60_000
/** Its one message. */
export const MSG_ID = 1

/** What a request is made of. */
export interface Asked {
  route: string
  /** As the log calls it. */
  service: string
  topic: string
  payload: Uint8Array
  codec: number
  opcode: number
  principal: string
  key: string
  traceparent: string | undefined
  /** How many emits have led to it: as many as to its caller's message. */
  hops: number
  /** Unix ms. */
  deadline: number
}

/** A request's record on its way to the log. */
export interface RequestRecord extends LogRecord {
  outgoing: Outgoing
}

/** One request of a handler: a session that lives for its one answer. */
export class Outgoing {
  readonly id = OWN_SESSION + randomBytes(16).toString('base64url')
  readonly bucket = bucketOf(this.id)
  readonly incarnation = randomBytes(6).toString('base64url')
  readonly asked: Asked
  /** Handed to the log: from here on it may have an effect. */
  appended = false
  stored = false
  /** Its end is on its way to the store. */
  ending = false
  /** Nobody waits for it any more. */
  settled = false
  readonly #answer = Promise.withResolvers<unknown>()

  constructor(asked: Asked) {
    this.asked = asked
  }

  get answer(): Promise<unknown> {
    return this.#answer.promise
  }

  resolve(value: unknown): void {
    this.settled = true
    this.#answer.resolve(value)
  }

  reject(error: unknown): void {
    this.settled = true
    this.#answer.reject(error)
  }

  /** Takes a delivery; true where it ended the wait. What is pushed to the request's session is nobody's. */
  take(bytes: Uint8Array): boolean {
    const type = frameType(bytes)
    if (this.settled || (type !== FrameType.RESPONSE && type !== FrameType.ERROR)) return false
    const { route } = this.asked
    if (type === FrameType.ERROR) this.reject(answeredError(route, readDelivery(bytes).payload))
    else if ((frameFlags(bytes) & Flag.MORE) !== 0)
      this.reject(new TypeError(`request to ${route}: it answers with a stream, ctx.request takes one answer`))
    else this.#read(bytes)
    return true
  }

  #read(bytes: Uint8Array): void {
    const { codec, payload } = readDelivery(bytes)
    try {
      this.resolve(readAnswer(codec, payload))
    } catch (error) {
      this.reject(new TypeError(`request to ${this.asked.route}: the answer can't be read: ${(error as Error).message}`))
    }
  }

  opening(gateway: string): OpenSession {
    const { id: session, bucket, incarnation } = this
    const { principal, deadline } = this.asked
    // nobody resumes it: no token has this digest
    return { session, bucket, incarnation, tokenDigest: OWN_SESSION, gateway, principal, expiresAt: deadline + SESSION_GRACE_MS }
  }

  renewal(): RenewEntry {
    const { id: session, bucket, incarnation } = this
    const marks = this.stored ? { storedMark: MSG_ID, storedCount: 1 } : { storedMark: 0, storedCount: 0 }
    const admitted = this.appended ? MSG_ID : 0
    return { session, bucket, incarnation, epoch: 1, acknowledged: 0, ...marks, highestSeq: 0, admitted, expiresAt: 0, greeted: true }
  }

  /** Ends its message before its answer, if the store finds none. */
  end(outcome: FinishFinal['outcome'], frame: Uint8Array): FinishFinal {
    const { id: session, bucket, incarnation } = this
    return { kind: 'final', session, bucket, incarnation, msgId: MSG_ID, prev: 0, outcome, frame }
  }

  query(): CatchUpQuery {
    return { session: this.id, bucket: this.bucket, above: 0 }
  }
}

/** Nothing is undefined; bytes, and what no codec here reads, stay as they are. */
function readAnswer(codec: number, payload: Uint8Array): unknown {
  if (payload.length === 0) return undefined
  if (codec === Codec.JSON) return json.decode(payload)
  return codec === Codec.MESSAGE_PACK ? messagePack.decode(payload) : payload
}
