/** How long a process may take from its start to its addresses, ms: a busy two-core machine needs about 3 s. */
export const START_MS = 30_000
/** How long a process may take from SIGTERM to its end, ms: the longest drain and what comes after it. */
export const STOP_MS = 20_000
/** How long an answer or a frame is waited for unless the test says otherwise, ms. */
export const FRAME_MS = 10_000
/** How long a server may take to end a connection that it must end, ms. */
export const CLOSE_MS = 5_000
/** Characters of a process's output that are kept for the report of a failure. */
export const OUTPUT_KEPT = 200_000
