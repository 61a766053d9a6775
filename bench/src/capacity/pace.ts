import { SCHEMA } from '@causeway/config'

/** How many times faster than by default idle sessions are kept up where that is measured. */
export const IDLE_PACE = 20
/** Of a gateway that keeps them up so. */
export const IDLE_PACE_FLAGS = [
  ...['--keep-alive', String(SCHEMA.keepAlive.default / IDLE_PACE)],
  ...['--session-ttl', String(SCHEMA.sessionTtl.default / IDLE_PACE)],
] as const
