/** Every bound of the protocol, with its unit and the reason for its size. Source: docs/protocol.md, sections 1, 4 and 5. */

/** Bytes of a version-2 header; all fields have a fixed place, so the decoder never searches. */
export const HEADER_SIZE = 20

/** Bytes a payload may have unless the listener says otherwise: what Kafka takes in one record by default. */
export const DEFAULT_MAX_PAYLOAD = 1 << 20

/** Bytes the entries of a frame's metadata may have together: their length field is a u16. */
export const MAX_METADATA = 0xffff

/** Bytes a CRC-32 takes at the end of a frame. */
export const CHECKSUM_SIZE = 4

/** Bytes of a PING or PONG payload: as RFC 6455, section 5.5, so that it can cross a WebSocket control frame. */
export const MAX_PING = 125

/** Milliseconds from accept to SYN; a socket that says nothing must not hold a place for longer. */
export const HANDSHAKE_TIMEOUT_MS = 5_000

/** Milliseconds of silence after which a peer sends PING, unless SYN or SYN_ACK say otherwise. */
export const KEEP_ALIVE_MS = 30_000

/** After this many keep-alive times without a byte the connection is closed (IDLE). */
export const KEEP_ALIVE_LIMIT = 3

/** Messages a session may have unfinished. */
export const WINDOW_MESSAGES = 1_024

/** Bytes of payload a session may have unfinished. */
export const WINDOW_BYTES = 8 << 20

/** How far above the oldest unfinished message a session may go; bounds the marks kept above it. */
export const MAX_AHEAD = 4_096

/** Bytes that may wait for a client beyond the frame being written before it is cut off (SLOW_CONSUMER). */
export const SEND_BUFFER = 1 << 20

/** Deliveries a session's outbox holds before pushes fail at their publisher. */
export const OUTBOX_MESSAGES = 4_096

/** Bytes a session's outbox holds before pushes fail at their publisher. */
export const OUTBOX_BYTES = 16 << 20

/** Milliseconds a session survives its connection. */
export const SESSION_TTL_MS = 120_000

/** Milliseconds the server may hold an acknowledgement back, to make one of many. */
export const ACK_DELAY_MS = 50

/** The highest msgId or seq: a session that comes here is told to go (GOAWAY), well before 2^31, where a signed reader would see it negative. */
export const MAX_NUMBER = 2 ** 31 - 1_024

/** Stored requests without an answer that a SYN may name: a session has no more unfinished. */
export const MAX_WAITING = 4_096

/** Channels a SYN may name. */
export const MAX_CHANNELS = 1_000

/** Characters of a name in a control frame: session, channel, client name, codec, reason. */
export const MAX_NAME = 1_024

/** Characters of a token in a SYN: a signed token with many claims stays well below. */
export const MAX_TOKEN = 16_384

/** Messages a channel keeps for those who come back. */
export const CHANNEL_MESSAGES = 1_000

/** Milliseconds a channel keeps a message. */
export const CHANNEL_TTL_MS = 300_000

/** Bytes waiting for the log in one process before no socket is read and new requests are OVERLOADED. */
export const APPEND_BUFFER = 256 << 20

/** Buckets that sessions are spread over, by murmur2; partitions divide them, so a bucket lies in one partition of every service. */
export const BUCKETS = 256
