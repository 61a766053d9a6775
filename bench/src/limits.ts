/** Bounds of a measurement. */

/** Load on Causeway before its first shape, ms: until Kafka's and our own code is compiled; a serial shape measured earlier doubles from round to round. */
export const CAUSEWAY_WARM_UP_MS = 15_000
/** The same for a peer, ms: no Java in it, so it is at speed sooner. */
export const PEER_WARM_UP_MS = 3_000
/** Load before each measured time, ms. */
export const WARM_UP_MS = 1_000
/** How long Kafka, Redis and our own processes may take until an echo comes back, ms. */
export const READY_TIMEOUT_MS = 60_000
/** How often that echo is tried, ms. */
export const READY_POLL_MS = 100
/** How long a process that was told to end may take, ms; then it is killed. */
export const STOP_TIMEOUT_MS = 15_000
/** How long the generator may take beyond its own times until it has connected or reported, ms. */
export const GENERATOR_GRACE_MS = 30_000
/** The same for each of its connections, ms. */
export const OPENING_MS_EACH = 4
/** Connections that a generator opens at a time: less than a server's backlog. */
export const OPENING = 250
/** Most connections of a generator and of a gateway in a measurement, each a process: below the 20,000 files that systems give one. */
export const MOST_CONNECTIONS = 12_500
/** Until workers that joined have their share, ms. */
export const JOIN_MS = 6_000
/** Measured time of one codec in one direction, ms; half of it before that as warm-up. */
export const CODEC_MS = 500
/** How long one of Kafka's tools may take, ms: a million records on a machine that is busy otherwise. */
export const TOOL_TIMEOUT_MS = 120_000
/** How often a tool's CPU time is read, ms: it is gone with the process. */
export const TOOL_POLL_MS = 100
/** Share of one core above which a generator counts as the limit of what was measured. */
export const GENERATOR_LIMIT = 0.9
/** Most outstanding requests of a connection: the least window a gateway gives by default. */
export const MAX_DEPTH = 1_024
/** Characters of a failed process's output that an error shows. */
export const OUTPUT_KEPT = 4_000
