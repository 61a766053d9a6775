/** How long a server may take from its start to its first answer, in milliseconds: a cold JVM on a busy two-core machine needs about 10 s. */
export const READY_TIMEOUT_MS = 60_000

/** Pause between two questions to a server that isn't ready yet, in milliseconds. */
export const READY_POLL_MS = 50

/** How long one question to a starting server may stay unanswered, in milliseconds. */
export const PROBE_TIMEOUT_MS = 2_000

/** How long a server may take to end after SIGTERM before it is killed, in milliseconds: Kafka closes its logs in 1-2 s. */
export const STOP_TIMEOUT_MS = 15_000

/** How long a helper command (java -version, docker version) may take, in milliseconds. */
export const COMMAND_TIMEOUT_MS = 20_000

/** How long fetching jars or an image may take, in milliseconds: about 120 MB over a slow line. */
export const FETCH_TIMEOUT_MS = 600_000

/** How much of a server's output is kept for its error message, in characters. */
export const OUTPUT_KEPT = 4_000
