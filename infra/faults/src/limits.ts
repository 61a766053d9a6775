/** Bounds and times of the fault harness. */

/** How long a process may take from its start to its addresses, ms: a busy two-core machine needs about 3 s. */
export const START_MS = 45_000
/** How long a process may take from SIGTERM to its end, ms: its drain and what comes after it. */
export const STOP_MS = 25_000
/** Characters of a process's output kept for the report of a failure. */
export const OUTPUT_KEPT = 100_000
/** How long a client waits for SYN_ACK, ms: a stopped gateway's kernel accepts connections that nobody will ever answer. */
export const HANDSHAKE_MS = 3_000
/** Silence after which a client sends PING, ms; thrice that, and it gives the connection up. Short, so that a half-open connection is left soon. */
export const KEEP_ALIVE_MS = 1_000
/** Waits of a client between two tries to connect, ms: drawn between the two. */
export const RECONNECT_MIN_MS = 20
export const RECONNECT_MAX_MS = 150
/** How long a client holds an acknowledgement back, so that one speaks for many, ms. */
export const ACK_MS = 20
/** How often a client looks whether it may send, ms. */
export const PUMP_MS = 10
/** Time-out that every request carries, ms: longer than any fault lasts and than the end is waited for, so that TIMEOUT or silence means that something was lost. */
export const REQUEST_TIMEOUT_MS = 120_000
/** Pause of a client that was refused and not told how long, ms. */
export const REFUSED_PAUSE_MS = 500
/** How long after the last fault has been healed everything may take to be answered, ms: a dead worker's group session, a rebalance, stalled retries and their sweep. */
export const SETTLE_MS = 60_000
/** How long a client that was told of a loss waits for what may still come, ms. */
export const UNSURE_MS = 3_000
/** Partitions of a scenario's topic: few, so that they are made fast; more than workers, so that they spread. */
export const PARTITIONS = 8
/** Evidence of violations shown, for each rule. */
export const SHOWN = 5
/** Times a process is started that ends before it serves, and the wait between, ms: a supervisor's patience. */
export const STARTS = 15
export const RESTART_MS = 1_000
