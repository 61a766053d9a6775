/** Bounds of the central configuration. Its document's own is in @causeway/config. */

/** Versions kept, and bytes of their documents in each process; the oldest beyond go, the present one never. */
export const VERSIONS = 1_000
export const VERSIONS_BYTES = 16 << 20
/** How long a process that starts waits for the log to be read before it goes on with the copy on its disk, ms. */
export const READ_WITHIN_MS = 5_000
/** How long the log may take to store a change and give it back, ms. */
export const PROPOSE_MS = 5_000
/** How long a part of a process may take to say whether it can work by a version, ms. */
export const PREPARE_MS = 5_000
/** Wait before the topic is asked for again where it could not be made, ms. */
export const TOPIC_RETRY_MS = 2_000
/** Characters of who made a change, of why, and of why a process refused it. */
export const BY_CHARACTERS = 100
export const REASON_CHARACTERS = 500
/** Parts of one process: a gateway, its listeners, and a worker for each service. */
export const PARTS = 1_000
/** States of processes remembered by a gateway; of more the oldest are forgotten. */
export const STATES = 10_000
