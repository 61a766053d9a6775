import { bucketOf } from '@causeway/protocol'
import type { OpenSession } from '@causeway/sessions'

export const GATEWAY = 'gw-bench'
/** Where the other way publishes for that gateway. */
export const CHANNEL = 'answers.gw-bench'
/** As many as the round trips at 64 x 16 have, each with 16 requests. */
export const SESSIONS = 64
export const OUTSTANDING = SESSIONS * 16
/** Answers that leave together, six of each session: the round trips at 64 x 16 make turns of some 360 (calls of scripts counted by Redis). */
export const TURN = SESSIONS * 6
/** How often acknowledgements are told to the store, ms: as gateways do. */
export const RENEW_MS = 100
/** Of the sessions, ms. */
const LIFETIME_MS = 3_600_000

/** How answers go back: by the finish script, by a PUBLISH for each, or stored by an XADD before that. */
export type Way = 'finish' | 'publish' | 'store'

/** What the gateway's thread is given. */
export interface GatewayPlan {
  way: Way
  redisUrl: string
  /** How many answers it has read so far: one number, which wraps around. */
  read: Int32Array
}

export const benchSessions = (): OpenSession[] =>
  Array.from({ length: SESSIONS }, (_, index) => {
    const session = `session-${index}`
    return {
      ...{ session, bucket: bucketOf(session), incarnation: `inc-${index}`, gateway: GATEWAY },
      ...{ tokenDigest: 'bench', principal: 'bench', expiresAt: Date.now() + LIFETIME_MS },
    }
  })
