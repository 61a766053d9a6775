import { type Log, type LogRecord, requestsTopic } from '@causeway/log'
import { bucketOf, Codec, encodeRecordHeader, partitionOf } from '@causeway/protocol'
import type { OpenSession, Sessions } from '@causeway/sessions'
import { PAYLOAD_SIZE } from '../shapes.ts'

export const SERVICE = 'bench-dispatch'
export const ROUTE = 'bench.dispatch'
export const OPCODE = 0x7e01
export const TOPIC = requestsTopic(SERVICE)
export const PARTITIONS = 16
export const SESSIONS = 4_000
const OF_EACH = 100
export const REQUESTS = SESSIONS * OF_EACH
/** Opened with one call. */
const OPENED_TOGETHER = 500
/** Of sessions and of requests, ms: a whole measurement, with all that is measured besides, ends sooner. */
const LIFETIME_MS = 86_400_000

const PAYLOAD = new Uint8Array(PAYLOAD_SIZE).fill(0x61)
const GATEWAY = 'gw-bench'

/** The same at each call, but for when they end. */
const sessionsUntil = (expiresAt: number): OpenSession[] =>
  Array.from({ length: SESSIONS }, (_, index) => {
    const session = `session-${index}`
    return {
      ...{ session, bucket: bucketOf(session), incarnation: `inc-${index}`, gateway: GATEWAY },
      ...{ tokenDigest: 'bench', principal: 'bench', expiresAt },
    }
  })

/** Opens all of them in a store, as their gateway had. */
export async function openSessions(sessions: Pick<Sessions, 'open'>): Promise<void> {
  const all = sessionsUntil(Date.now() + LIFETIME_MS)
  for (let at = 0; at < all.length; at += OPENED_TOGETHER) await sessions.open(all.slice(at, at + OPENED_TOGETHER))
}

/** Makes the topic and appends all requests, each session's first, then each one's second, as gateways write them. Rejects with the first that is refused. */
export async function fillTopic(log: Log): Promise<void> {
  await log.ensureTopics([{ topic: TOPIC, partitions: PARTITIONS }])
  const over = Promise.withResolvers<void>()
  let stored = 0
  const requests = requestsUntil(Date.now() + LIFETIME_MS)
  const appender = log.appender({
    stored(flight) {
      stored += flight.length
      if (stored === REQUESTS) over.resolve()
      else for (let i = 0; i < flight.length; i++) appendNext()
    },
    refused: (_record, reason, detail) => over.reject(new Error(`a request was refused: ${reason} ${detail}`)),
  })
  const appendNext = (): void => {
    const { value, done } = requests.next()
    if (!done) appender.append(value)
  }
  for (let i = 0; i < SESSIONS; i++) appendNext()
  await over.promise
  await appender.close(0)
}

function* requestsUntil(deadline: number): Generator<LogRecord> {
  const sessions = sessionsUntil(deadline)
  for (let msgId = 1; msgId <= OF_EACH; msgId++) {
    for (const { session, bucket, incarnation, gateway, principal } of sessions) {
      const header = encodeRecordHeader({
        ...{ msgId, prev: msgId - 1, route: ROUTE, codec: Codec.BYTES, kind: 'request', gateway, epoch: 1 },
        ...{ incarnation, principal, deadline, key: '', opcode: OPCODE, resent: false },
      })
      yield { topic: TOPIC, partition: partitionOf(bucket, PARTITIONS), key: session, value: PAYLOAD, header, deadline, resent: false }
    }
  }
}
