/** Most records of one flight; a larger one gains nothing and delays the first. */
export const FLIGHT_RECORDS = 1_000
/** Most encoded bytes of one flight; a single larger record flies alone. */
export const FLIGHT_BYTES = 1 << 20
/** What a record costs beside its key, value and header text: varints, header names, attributes. */
export const RECORD_OVERHEAD = 48
/** Waits between tries of a flight that failed, ms: doubles from the first to the last, with full jitter. */
export const RESEND_MIN_MS = 20
export const RESEND_MAX_MS = 1_000
/** Leaders are read again at least this often, ms; a failed flight has them read at once. */
export const METADATA_REFRESH_MS = 30_000
/** max.message.bytes of the topics we create; Kafka's own default is too small for a 1 MiB payload with its headers. */
export const MAX_MESSAGE_BYTES = 4 << 20
/** A member that says nothing for so long loses its partitions, ms. */
export const SESSION_TIMEOUT_MS = 6_000
/** It is by a heartbeat that a member learns of a rebalance, ms: until then it is served no new assignment. */
export const HEARTBEAT_MS = 500
/** How long a group waits for its members to join again, ms. */
export const REBALANCE_TIMEOUT_MS = 3_000
/** Longest a follower's fetch waits at the broker when there is nothing, ms: it is answered as soon as there is something. */
export const FOLLOW_WAIT_MS = 5_000
/** Most bytes of a follower's fetch; a larger record comes alone. */
export const FOLLOW_BYTES = 4 << 20
/** Waits before a follower tries again, ms: doubles from the first to the last. */
export const FOLLOW_RETRY_MIN_MS = 100
export const FOLLOW_RETRY_MAX_MS = 2_000
/** Longest a fetch waits at the broker when there is nothing, ms. */
export const FETCH_WAIT_MS = 100
/** Longest wait for what runs when partitions are revoked, ms. */
export const DRAIN_MS = 1_000
