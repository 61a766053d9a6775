import { bucketOf, encodeFrame, FrameType, HEADER_SIZE } from '@causeway/protocol'
import { type Capability, uniqueName } from '@causeway/testing'
import type {
  Delivery,
  FinishChunk,
  FinishFinal,
  FinishPush,
  OpenSession,
  RenewEntry,
  ResumeRequest,
  ResumeResult,
  Sessions,
  WakeHandlers,
} from './sessions.ts'

/** A store under test; `close` releases everything behind it. */
export interface OpenedSessions {
  sessions: Sessions
  close(): Promise<void>
  /** Closes `sessions` and opens another on the same data; `close` then closes that one. */
  reopen?(): Promise<Sessions>
  /** Makes the gateway miss at least one batch of wake-ups, as a cut connection does. Resolves once it is cut; it heals by itself. */
  loseWakeUps?(gateway: string): Promise<void>
  /** Breaks what is stored of one session, so that the store can't finish for it. */
  damage?(session: string, bucket: number): Promise<void>
}

export interface SessionsCapabilities {
  /** `reopen` is there. */
  reopens: Capability
  /** `loseWakeUps` is there. */
  losesWakeUps: Capability
  /** `damage` is there. */
  damages: Capability
}

/** Registers one behaviour, run on a store of its own. */
export type OnSessions = (behaviour: string, run: (opened: OpenedSessions) => Promise<void>, options?: { skip?: false | string }) => void

/** ms; long enough that no session of a test ends by itself. */
const LIFETIME_MS = 60_000

/** A session nobody else uses. */
export function newSession(gateway = uniqueName('gateway')): OpenSession {
  const session = uniqueName('session')
  return {
    session,
    bucket: bucketOf(session),
    incarnation: uniqueName('incarnation'),
    tokenDigest: uniqueName('digest'),
    gateway,
    principal: 'someone',
    expiresAt: Date.now() + LIFETIME_MS,
  }
}

export async function openSession(sessions: Sessions, gateway?: string): Promise<OpenSession> {
  const session = newSession(gateway)
  await sessions.open([session])
  return session
}

const response = (msgId: number, text: string) => encodeFrame({ type: FrameType.RESPONSE, msgId, payload: text })
const identity = ({ session, bucket, incarnation }: OpenSession) => ({ session, bucket, incarnation })

/** The answer to `msgId`; the message admitted before it is `prev`, by default the number before. */
export const answer = (session: OpenSession, msgId: number, prev = msgId - 1): FinishFinal => ({
  ...identity(session),
  kind: 'final',
  outcome: 'answered',
  msgId,
  prev,
  frame: response(msgId, `answer ${msgId}`),
})

/** The end of a message that gets no answer. */
export const notified = (session: OpenSession, msgId: number, prev = msgId - 1): FinishFinal => ({
  ...answer(session, msgId, prev),
  outcome: 'notified',
  frame: undefined,
})

export const chunk = (session: OpenSession, msgId: number, run: string, number: number): FinishChunk => ({
  ...identity(session),
  kind: 'chunk',
  msgId,
  run,
  chunk: number,
  frame: response(msgId, `chunk ${number}`),
})

export const push = (session: OpenSession, text: string): FinishPush => ({
  ...identity(session),
  kind: 'push',
  frame: encodeFrame({ type: FrameType.PUSH, payload: text }),
})

/** A renewal that changes nothing but what `changes` say. */
export const renewal = (session: OpenSession, changes: Partial<RenewEntry> = {}): RenewEntry => ({
  ...identity(session),
  epoch: 1,
  acknowledged: 0,
  storedMark: 0,
  storedCount: changes.storedMark ?? 0,
  highestSeq: 0,
  admitted: changes.storedMark ?? 0,
  expiresAt: 0,
  greeted: true,
  ...changes,
})

export const resumption = (session: OpenSession, changes: Partial<ResumeRequest> = {}): ResumeRequest => ({
  session: session.session,
  bucket: session.bucket,
  tokenDigest: session.tokenDigest,
  attempt: 0,
  principal: session.principal,
  gateway: uniqueName('gateway'),
  expiresAt: Date.now() + LIFETIME_MS,
  lastSeq: 0,
  stored: 0,
  waiting: [],
  ...changes,
})

type Resumed = Extract<ResumeResult, { status: 'resumed' }>
export async function resumed(sessions: Sessions, request: ResumeRequest): Promise<Resumed> {
  const result = await sessions.resume(request)
  if (result.status !== 'resumed') throw new Error(`resume answered ${result.status}`)
  return result
}

export const payloadText = (frame: Uint8Array): string => Buffer.from(frame.subarray(HEADER_SIZE)).toString('utf8')

/** What a session's outbox holds above `above`, as [seq, payload]. */
export async function outboxOf(sessions: Sessions, session: OpenSession, above = 0, limit = 10_000): Promise<[number, string][]> {
  const { deliveries } = await sessions.outbox({ session: session.session, bucket: session.bucket, above }, limit)
  return deliveries.map(({ seq, frame }: Delivery) => [seq, payloadText(frame)])
}

/** Handlers of a gateway that keep what they are told, in the order they were told it. */
export function recordingGateway() {
  const events: string[] = []
  let lost = 0
  let flushed = 0
  const handlers: WakeHandlers = {
    deliver: (session, seq, frame) => void events.push(`${session} ${seq} ${payloadText(frame)}`),
    finished: (session, msgId) => void events.push(`${session} finished ${msgId}`),
    flush: () => {
      flushed = events.length
    },
    lost: () => {
      lost++
    },
    load: ({ service, queueMs }) => void events.push(`${service} waits ${queueMs}`),
    storeChanged: () => void events.push('store changed'),
    replaced: (session, epoch) => void events.push(`${session} replaced ${epoch}`),
  }
  return { handlers, events, flushedEvents: () => flushed, timesLost: () => lost }
}
