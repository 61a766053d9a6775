/** Every bound of the client, with its unit and the reason for its size. Those of the protocol are in @causeway/protocol. */

/** Messages that may wait for the window or for a connection before `request` is refused (OVERLOADED). */
export const QUEUE_MESSAGES = 1_000

/** Bytes of payload that may wait; a single larger message may wait alone. */
export const QUEUE_BYTES = 1 << 20

/** Bytes of frames that share a WebSocket message; servers and proxies bound a message, and a larger frame goes alone. */
export const MESSAGE_BYTES = 1 << 20

/** Deliveries after which an acknowledgement goes out even if no other frame takes it along. */
export const ACK_AFTER_DELIVERIES = 64

/** Values a stream holds that its reader hasn't taken; beyond it the stream is cancelled. */
export const STREAM_BUFFER = 1_024

/** Milliseconds of the first and of the longest wait between attempts to connect; the wait is drawn from 0 to it. */
export const BACKOFF_MIN_MS = 500
export const BACKOFF_MAX_MS = 20_000

/** Longest time that a timer takes, ms: beyond it, it would be over at once. */
export const TIMER_MAX_MS = 2 ** 31 - 1

/** Longest timeout of a message, ms: it crosses the wire as a u32. The server cuts it to 24 hours. */
export const TIMEOUT_MAX_MS = 2 ** 32 - 1

/** Milliseconds `connect` tries before it gives up. */
export const CONNECT_TIMEOUT_MS = 10_000

/** Milliseconds one attempt may take to open the socket. */
export const OPEN_TIMEOUT_MS = 5_000

/** Milliseconds a message has where neither the caller nor the route says: the server's default. */
export const DEFAULT_TIMEOUT_MS = 60_000

/** Milliseconds that the server's own TIMEOUT is given to arrive before the client makes one. */
export const TIMEOUT_GRACE_MS = 250

/** Milliseconds between looks at the deadlines; one timer for all messages. */
export const SWEEP_MS = 50

/** Milliseconds that unanswered messages get after a GOAWAY before the client moves with them. */
export const GOAWAY_DRAIN_MS = 5_000

/** Milliseconds for which a gateway is not chosen again after its connection has ended, where there is another. */
export const GATEWAY_AVOIDED_MS = 5_000

/** Milliseconds for which what the directory told is taken to hold, and those that it has to answer. */
export const DIRECTORY_FRESH_MS = 2_000
export const DIRECTORY_TIMEOUT_MS = 2_000
