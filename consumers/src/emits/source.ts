import { createHash } from 'node:crypto'
import { OWN_SESSION } from '@causeway/protocol'
import { SOURCE_ID_BYTES } from '../effects/limits.ts'
import type { StoredMessage } from '../stored-message.ts'

/** Where an emit comes from. */
export interface Source {
  /** That emitted it. */
  readonly service: string
  /** Whose message it handled then. */
  readonly session: string
  /** That message. */
  readonly msgId: number
}

/** What begins the ids of sources: service, and what sets its parts apart. */
const SOURCE_ID = new RegExp(`^${OWN_SESSION}[a-z0-9-]+~`)
/** service/session/msgId/n: an emit's idempotency key. */
const EMIT_KEY = /^([a-z0-9-]+)\/([^/]+)\/(\d+)\/\d+$/

/** The id of the session that numbers the emits of one session's messages to one target service: readable, unless it gets too long. */
export function sourceId(service: string, session: string, target: string): string {
  const named = (of: string): string => `${OWN_SESSION}${service}~${of}~${target}`
  const id = named(session)
  if (id.length <= SOURCE_ID_BYTES) return id
  return named(createHash('sha256').update(session).digest('base64url').slice(0, 22))
}

/** The idempotency key of an emit: the same however often its message is handled. */
export const emitKey = (service: string, session: string, msgId: number, n: number): string => `${service}/${session}/${msgId}/${n}`

/** Undefined where the message is a client's. */
export function sourceOf({ session, header }: StoredMessage): Source | undefined {
  const found = SOURCE_ID.test(session) ? EMIT_KEY.exec(header.key) : null
  return found === null ? undefined : { service: found[1], session: found[2], msgId: Number(found[3]) }
}
