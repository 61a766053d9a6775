/** Bounds of a gateway beside those of the protocol (shared/protocol/src/limits.ts) and of the configuration. */

/** Sessions held at a time, detached ones included; beyond, new ones are OVERLOADED. */
export const MAX_SESSIONS = 100_000
/** Deliveries that came out of order and wait for the ones before them, a session. */
export const HELD_DELIVERIES = 1_024
/** Frames read beyond a closed window and held, a connection; reading stops before (one read's worth may come on top). */
export const HELD_FRAMES = 4_096
/** How often housekeeping looks at deadlines and sends acknowledgements that were held back, ms. */
export const DEADLINE_TICK_MS = 20
/** How often renewals, trims and marks are sent, ms. */
export const RENEW_TICK_MS = 100
/** How often keep-alive and handshake times are looked at, ms. */
export const KEEP_ALIVE_TICK_MS = 250
/** How often sessions past their time are swept, ms. */
export const SWEEP_TICK_MS = 5_000
/** Most sessions of one renewal call. */
export const RENEW_SESSIONS = 2_000
/** Deliveries read from an outbox at a time. */
export const CATCH_UP_DELIVERIES = 64
/** Outboxes read side by side after lost wake-ups. */
export const CATCH_UP_SESSIONS = 32
/** Wait before lost wake-ups are looked for again where the store did not answer, ms. */
export const CATCH_UP_RETRY_MS = 500
/** Writes of one turn up to this size are joined into one; larger ones go by writev, bytes. */
export const JOINED_WRITE = 64 << 10
/** How long a client that drains nothing may hold more than `sendBuffer`, ms. */
export const SLOW_CONSUMER_MS = 1_000
/** How long a closed connection is still read (and its bytes dropped), so that its last frame is not lost to a reset, ms. */
export const LINGER_MS = 1_000
/** Least and most a client may ask for as keep-alive, ms. */
export const MIN_KEEP_ALIVE_MS = 200
export const MAX_KEEP_ALIVE_MS = 600_000
/** Deadline of a message whose frame and route bring none, ms. */
export const DEFAULT_TIMEOUT_MS = 60_000
/** Longest timeout a frame may ask for, ms; longer is cut to it. */
export const MAX_TIMEOUT_MS = 86_400_000
/** How long Kafka may take to confirm a notification, which has no deadline of its own, ms. */
export const NOTIFY_APPEND_MS = 60_000
/** How long a backend call of a handshake may take, ms. */
export const BACKEND_TIMEOUT_MS = 5_000
/** How often backends are pinged, ms, and after how long without an answer one counts as down. */
export const HEALTH_TICK_MS = 1_000
export const HEALTH_TIMEOUT_MS = 2_000
/** Verified tokens remembered until they expire. */
export const TOKEN_CACHE = 10_000

/** How often the ledger is held against the log, ms. */
export const LEDGER_CHECK_MS = 10_000
/** Checks in a row that have to find a difference before it is an alert: a resume may count a message that its client was refused, until the next ones end. */
export const LEDGER_ALERT_CHECKS = 3
/** Sessions that an alert names. */
export const LEDGER_SESSIONS = 100

/** Grain in which an overload is looked at, ms, and how far back: a queue that is worked off within it is none. */
export const OVERLOAD_TICK_MS = 100
export const OVERLOAD_TICKS = 5
/** Ticks of these in which a worker has to have told its queue: with fewer nothing is known. */
export const OVERLOAD_REPORTS = 2
/** Longest that a message may wait for a worker, however much time it has, ms: beyond, no more of its kind are let in than are finished. */
export const QUEUE_LIMIT_MS = { critical: 20_000, normal: 5_000, background: 1_000 } as const
/** Share of the bytes that may wait for the log at which messages of a kind are refused. */
export const APPEND_SHARE = { critical: 1, normal: 0.75, background: 0.5 } as const

/** Connections taken at once after a lull, as time's worth of CAUSEWAY_ACCEPT_RATE, ms: a turn's worth of Redis calls. */
export const ACCEPT_BURST_MS = 250
/** Longest that a connection waits to be taken, ms: a client gives its handshake 5 s. */
export const ACCEPT_WAIT_MS = 2_000
/** Connections that wait to be taken, or are being told that they are not, each; a descriptor apiece, of which a system gives 20,000 and more. */
export const ACCEPT_HELD = 4_096
/** Grain in which waiting connections are taken, ms. */
export const ACCEPT_TICK_MS = 10
/** Subscriptions of all connections of a gateway; each some 200 bytes. */
export const SUBSCRIPTIONS = 1_000_000
/** Messages of a channel read at a time for one subscriber. */
export const CHANNEL_READ = 100
/** How many of them at first, before their size is known, and bytes that a reading is to have: messages may have a megabyte each. */
export const CHANNEL_READ_FIRST = 4
export const CHANNEL_READ_BYTES = 256 << 10
/** Readings of channels side by side; more wait their turn. */
export const CHANNEL_READS = 32
/** How long messages behind a refusal wait for the PONG that says that it was read, ms. */
export const REFUSAL_BARRIER_MS = 1_000
/** SUBSCRIBEs of one connection that wait for the store; later frames wait behind them, as behind a closed window. */
export const SUBSCRIBES_AHEAD = 64
/** Time in which of alike lines that strangers cause one is logged, ms: whoever tries often fills no disk. */
export const ALIKE_LOG_MS = 10_000
/** How often certificates' files are looked at, ms: three stats. */
export const CERTIFICATE_LOOK_MS = 2_000
/** Time before its end in which a certificate that is read is warned of, ms. */
export const CERTIFICATE_WARN_MS = 14 * 86_400_000
/** How long an idle HTTP connection is kept, ms: longer than the minute that balancers keep theirs, so that none is closed under a request. */
export const HTTP_KEEP_ALIVE_MS = 72_000
/** Beyond the largest payload in base64, what a WebSocket message may have, bytes: several frames, or the other fields of a JSON object. */
export const MESSAGE_ALLOWANCE = 1 << 20
/** Fragments that a WebSocket message may come in, and reads that a frame of it may: the largest in a modem's segments. Each costs some 200 bytes more than it brings. */
export const WEBSOCKET_PIECES = 16_384
/** Longest wait of a GET /v1/services for a change, ms: within what proxies keep a request open. */
export const DIRECTORY_WAIT_MS = 60_000
/** Clients that wait for changes of the directory at a time, at each gateway. */
export const DIRECTORY_WATCHERS = 1_000
/** How often an event stream says that it is still there, ms (proxies close silent ones after a minute or less). */
export const EVENT_STREAM_TICK_MS = 15_000
/** Unsent bytes after which an event stream is cut off. */
export const EVENT_STREAM_BUFFER = 1 << 20
/** How long a change of the central configuration waits for every process to work by it or refuse it, ms; after the first of these it asks. */
export const CONFIG_SETTLE_MS = 2_000
export const CONFIG_ASK_MS = 1_000
/** Times a change that names no version is made anew where another came before it. */
export const CONFIG_TRIES = 5
/** Session events that wait for the log; beyond, further ones are left out and counted. Each costs some 500 bytes. */
export const EVENTS_WAITING = 20_000
/** How long the log may take to confirm one, ms. */
export const EVENT_APPEND_MS = 60_000
/** How long session events are written on for a service whose last worker has gone, ms: a deployment, or a night. */
export const EVENT_GRACE_MS = 86_400_000
/** Wait before their topic is looked at again where it could not be, or was not as expected, ms. */
export const EVENT_TOPIC_CHECK_MS = 2_000
/** Longest wait of a session's message for those before it, where it is to change its track or its gateway does not know which it had, ms; how often the store is asked. */
export const TRACK_WAIT_MS = 2_000
export const TRACK_LOOK_MS = 50
/** How long a session that could not leave its track in time is let alone, ms. */
export const TRACK_AGAIN_MS = 10_000
/** Event streams of operators at a time, at each gateway, and how often they are told the overview, ms. */
export const OPERATORS_WATCHING = 50
export const OVERVIEW_TICK_MS = 1_000
/** Principals whose rate is remembered; beyond, the one that came first is forgotten. */
export const RATED_PRINCIPALS = 100_000
