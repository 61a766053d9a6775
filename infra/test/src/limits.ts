/** How long one test may take, in milliseconds: a hang fails by name instead of stalling the run. */
export const TEST_TIMEOUT_MS = 240_000

/**
 * How long one package's tests may take together, in seconds: the slowest (e2e, two files at a time) need some two thirds of it. It also ends a test file whose
 * tests are done and whose process stays, because something it opened is still open.
 */
export const PACKAGE_TIMEOUT_S = 660

/** How many packages are tested at once: each has its own node processes, and they share one broker. */
export const PACKAGES_AT_ONCE = 2

/** The least share of lines and of branches that tests must reach over all packages, in percent. */
export const LEAST_LINES = 85
export const LEAST_BRANCHES = 80
