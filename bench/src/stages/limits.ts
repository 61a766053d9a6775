/** Bounds of the stages and flames. */

/** Between two samples of a stack, µs. */
export const PROFILE_INTERVAL_US = 500
/** How long a probe may take to answer, ms: a profile of many seconds is many megabytes. */
export const PROBE_TIMEOUT_MS = 30_000
/** Functions in the table below a flame graph. */
export const FUNCTIONS_SHOWN = 10
/** Sightings that a probe keeps in one measured time: far more than the samples of a deep shape are. */
export const SIGHTINGS = 1_000_000
/** Entries that one call of the finish script takes (shared/sessions/src/finish-batcher.ts). */
export const CALL_ENTRIES = 1_000
/** How far a moment may lie before the one that should come first, ms: what two processes' clocks and turns differ by. */
export const OUT_OF_ORDER_MS = 0.05
/** Share of a measured time in which stacks are sampled; its end is for the profiles. */
export const PROFILED = 0.9
/** Looks at two clocks until it is known how far they are apart. */
export const CLOCK_LOOKS = 50
/** Share of messages that may pass their stages in another order: one that was written again, or a look that was interrupted. */
export const OUT_OF_ORDER = 0.02
