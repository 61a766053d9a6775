// Bounds of what the articles' tables are measured again with.

/** Until a query of the workers' database is answered, ms: 4 workers that do 12,500 messages a second hold each for 0.32 ms. */
export const DATABASE_MS = 0.3
/** How long the database sleeps at most before it looks for new queries, ms. */
export const DATABASE_NAP_MS = 0.05
/** Queries that tell how long one takes while nothing else is asked. */
export const DATABASE_QUERIES = 500
/** How long a query may take, ms. */
export const QUERY_TIMEOUT_MS = 5_000
/** Requests outstanding of all sessions, where the articles tell of places. */
export const OUTSTANDING = 100
/** Connections of a pool. */
export const POOLED = 4
/** Who asks at a time, of a pool or of a connection each. */
export const CALLERS = 16
/** Objects from which follows what is allocated for each. */
export const ALLOCATED_OBJECTS = 20_000
/** New space in which that many are allocated without a collection, MiB. */
export const ALLOCATION_SPACE_MIB = 512
/** Load on each system of its own round before its measured time, ms. */
export const COLLECTION_WARM_UP_MS = 6_000
/** How long a process may take to tell of its collections, ms. */
export const PROBE_TIMEOUT_MS = 10_000
