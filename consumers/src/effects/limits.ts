/** Bounds of what a handler's finish takes with it. */

/** Bytes of the state that a service keeps of one session, keys and values; all of it is read at once. */
export const STATE_BYTES = 256 << 10
/** Keys of it. */
export const STATE_KEYS = 1_000
/** Bytes of a key. */
export const STATE_KEY_BYTES = 128
/** States read by one call to the store: with STATE_BYTES, some MiB of an answer. */
export const STATES_READ = 32
/** Bytes of one value that a service keeps for all its sessions. */
export const SHARED_VALUE_BYTES = 64 << 10
/** Keys of those that one message may read, and write. */
export const SHARED_OF_MESSAGE = 100
/** Keys of those read by one call to the store. */
export const SHARED_READ = 200
/** How often a message is handled at once again because another finish has changed what it read; then it waits a while. */
export const CONFLICT_RUNS = 10
/** How long it waits then, ms, and up to as long again: each time somebody else's finish has come through. */
export const CONFLICT_WAIT_MS = 100
/** How long a message waits for room in the outbox of emits, ms. */
export const EMITS_FULL_MS = 1_000
/** Emits of one message; their payloads have at most the bytes of one payload together. */
export const EMITS_OF_MESSAGE = 64
/** Emits that may lead to a message one after the other: services that emit to each other in a circle would never end. */
export const EMIT_HOPS = 32
/** How long a source session outlives its last emit, ms: emits that no worker has handled by then have expired. */
export const EMIT_TTL_MS = 24 * 3_600_000
/** Bytes of a source session's id; a longer one is made of a digest. */
export const SOURCE_ID_BYTES = 160
/** Emits read from an outbox, and appended, at a time. */
export const RELAY_BATCH = 32
/** Buckets relayed at a time. */
export const RELAYS = 16
/** How often a worker looks for emits that others have left in its buckets, ms. */
export const RELAY_TICK_MS = 5_000
