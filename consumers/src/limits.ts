/** Bounds of a worker. */

/** Records of one partition polled and not complete: beyond, the partition is paused; below the half it is resumed. */
export const OUTSTANDING_RECORDS = 4_000
/**
 * Records of one partition above its watermark, complete ones included: so far one slow handler lets others of its partition go ahead, and so
 * much is read again, and found finished, where its worker dies. A complete one costs some 60 bytes.
 */
export const AHEAD_RECORDS = 50_000
/** Payload bytes polled and not complete, all partitions together; beyond, all are paused. */
export const OUTSTANDING_BYTES = 128 << 20
/** Sessions whose highest message is remembered; beyond, idle ones are forgotten and held against the stored marks when they come again. */
export const LANES = 50_000
/** How often sessions that had no message since the last time are forgotten, ms. */
export const FORGET_TICK_MS = 60_000
/** How often offsets are committed, ms; and after how many completed records at the latest. */
export const COMMIT_TICK_MS = 500
/** Cancelled messages that have not begun here; of more the oldest are forgotten, and handled in vain. */
export const CANCELLED_KEPT = 10_000
/** How long a watermark is committed again after a commit that failed, ms: as long as that one may be on its way yet. */
export const COMMIT_AGAIN_MS = 5_000
/** How often deadlines of running handlers are looked at, ms. */
export const DEADLINE_TICK_MS = 25
/** How long a revoked assignment may drain before its partitions are free, ms; handlers that take longer are waited for session by session. */
export const DRAIN_MS = 400
/**
 * From the beginning of a rebalance, how long the new owner of a partition waits for the former one to free it, ms: that one may hear of the rebalance a
 * heartbeat (500 ms) later, and drains then. Within the 2 s by which a worker that comes or goes may delay an answer.
 */
export const HANDOVER_MS = 1_200
/** How long a worker that stops lets its handlers end before it leaves the group, ms; those that take longer end after that, each waited for by its session alone. */
export const LEAVE_AFTER_MS = 400
/** Told that another worker holds its partition, how long a worker waits for its group to say so too, ms: beyond two heartbeats. */
export const RECLAIM_MS = 2_000
/** How often the new owner looks whether its partitions are free, ms. */
export const HANDOVER_LOOK_MS = 20
/** How often it looks whether the former owner has ended the handlers that sessions wait for, ms: for as long as these run. */
export const LATE_LOOK_MS = 50
/** Late sessions that a worker names, all partitions together; of more whoever comes next is not told, and begins them again. Each costs a line in a call a second. */
export const LATE_NAMED = 4_000
/** Over how long the least queue time is taken, ms; what is told spans one to two of these. */
export const QUEUE_TIME_MS = 100
/** Chunks of one stream handed to the store and not yet confirmed; beyond, the iterable waits. */
export const STREAM_AHEAD = 32
/** Waits between tries of a call to an absent backend, ms; doubles from the first to the last. */
export const BACKEND_RETRY_MIN_MS = 50
export const BACKEND_RETRY_MAX_MS = 2_000
/** Times a backend may answer a call with an error of its own before the call is given up. */
export const BACKEND_REFUSALS = 10
/** Waits before a stream's chunk is offered again to an outbox that is full, ms; doubles from the first to the last. */
export const OUTBOX_WAIT_MIN_MS = 50
export const OUTBOX_WAIT_MAX_MS = 1_000
/** Retries a service runs at a time. */
export const RETRY_CONCURRENCY = 32
/** Replays of dead letters a service runs at a time: fewer than retries, so that live messages go first. */
export const REPLAY_CONCURRENCY = 16
/** How long Kafka may take to confirm a dead letter, ms; past it the copy in the queue is the only one, and a metric says so. */
export const DEAD_LETTER_APPEND_MS = 30_000
/** Longest text of an error kept with a message, characters. */
export const ERROR_TEXT = 2_000
/** Longest stack kept with it, characters. */
export const ERROR_TRACE = 1_500
/** How often the figures told to operators are made, ms. */
export const STATS_TICK_MS = 1_000
/** Bytes of a payload from which its decoding gets a turn of the event loop of its own: up to some 35 ms of it. */
export const HEAVY_BYTES = 32 << 10
/** Until one comes again that found the places of its route or key taken, ms: from this to twice of it. */
export const FULL_AGAIN_MS = 100
/** How long one waits where it is for a place of its route or key, before it comes again, ms. */
export const PLACE_WAIT_MS = 1_000
/** Retries of a route that wait so for its places, at a worker; more come again. Each holds one of RETRY_CONCURRENCY. */
export const RETRIES_WAITING = 4
/** Effects of ctx.once under way at a worker, those of handlers whose time is over among them. */
export const ONCE_RUNNING = 10_000
/** Requests of handlers to other services without an answer, a worker; beyond, a further one fails with OVERLOADED. Each costs some 2 KB and its answer. */
export const REQUESTS_IN_FLIGHT = 4_096
/** Bytes of such requests that the log has not confirmed; beyond, the same. */
export const REQUESTS_WAITING_BYTES = 64 << 20
/** Longest time-out of one, ms; longer is cut to it. */
export const MAX_REQUEST_MS = 86_400_000
/** How often the store is told which of them are stored, ms, and of how many in one call. */
export const REQUEST_RENEW_TICK_MS = 100
export const REQUESTS_RENEWED = 1_000
/** Wait before answers that wake-ups did not bring are looked for again where the store did not answer, ms. */
export const CATCH_UP_RETRY_MS = 500
/** Session events that a worker handles at a time; how many more it polls, says OUTSTANDING_RECORDS for each partition. */
export const EVENTS_AT_A_TIME = 64
/** Lanes of keys that one session has; beyond, those at rest are forgotten, and what is known of their heads with them. */
export const KEYED_LANES = 1_000
/** How often the registry is told the schemas of routes, ms. */
export const DESCRIBE_TICK_MS = 60_000
