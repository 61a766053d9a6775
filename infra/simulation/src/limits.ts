/** Bounds of the command and of the tests. */

/** Seeds that one worker process runs before another takes its place: memory of modules stays small, and a crash costs little. */
export const SEEDS_PER_TASK = 50
/** Seeds of a run in CI. */
export const CI_SEEDS = 500
/** Violations shown of a seed; the rest is more of the same. */
export const SHOWN_VIOLATIONS = 5
