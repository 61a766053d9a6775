/** Everything that crosses a client connection or names a record: pure functions over bytes, no dependency, safe in a browser. */

export type { Crc32 } from './crc32.ts'
export { crc32 } from './crc32.ts'
export { compileDialect } from './dialect/compile.ts'
export type { Dialect, DialectDecoder, DialectDecoderOptions, DialectMessage } from './dialect/dialect.ts'
export { DIALECTS } from './dialect/dialects.ts'
export { readDialectTable } from './dialect/read-table.ts'
export type {
  DelimiterFraming,
  DialectChecksum,
  DialectField,
  DialectFraming,
  DialectTable,
  FieldType,
  FixedFraming,
  HandshakeTable,
  LayoutTable,
  LengthFraming,
  OperationFraming,
  SizeRule,
} from './dialect/table.ts'
export type { ErrorEntry, ErrorName, Problem } from './errors.ts'
export { ERRORS, errorByNumber, isErrorName, ProtocolError, problem, shouldReconnect } from './errors.ts'
export type { Frame, FrameInit } from './frame.ts'
export {
  encodeFrame,
  frameFlags,
  frameLength,
  frameMsgId,
  frameSeq,
  frameType,
  MAGIC,
  patchMsgId,
  patchRedelivered,
  patchSeq,
  VERSION,
  withChecksum,
} from './frame.ts'
export type { Close } from './frame-close.ts'
export { decodeClose, encodeClose } from './frame-close.ts'
export type { Credit } from './frame-credit.ts'
export { decodeCredit, encodeCredit } from './frame-credit.ts'
export type { FrameDecoderOptions } from './frame-decoder.ts'
export { decodeFrame, FrameDecoder } from './frame-decoder.ts'
export type { ReceivedProblem } from './frame-error.ts'
export { decodeError, encodeError } from './frame-error.ts'
export type { Goaway } from './frame-goaway.ts'
export { decodeGoaway, encodeGoaway } from './frame-goaway.ts'
export type { Subscribe } from './frame-subscribe.ts'
export { decodeSubscribe } from './frame-subscribe.ts'
export type { Syn } from './frame-syn.ts'
export { decodeSyn, encodeSyn } from './frame-syn.ts'
export type { ChannelState, SynAck } from './frame-syn-ack.ts'
export { decodeSynAck, encodeSynAck } from './frame-syn-ack.ts'
export type { TypeName } from './frame-type.ts'
export { Codec, Flag, FrameType, RESERVED_FLAGS, typeByName, typeName } from './frame-type.ts'
export { decodeJsonText, encodeJsonText } from './json-text.ts'
export { laneOf, sessionOfLane } from './lane.ts'
export {
  ACK_DELAY_MS,
  APPEND_BUFFER,
  BUCKETS,
  CHANNEL_MESSAGES,
  CHANNEL_TTL_MS,
  CHECKSUM_SIZE,
  DEFAULT_MAX_PAYLOAD,
  HANDSHAKE_TIMEOUT_MS,
  HEADER_SIZE,
  KEEP_ALIVE_LIMIT,
  KEEP_ALIVE_MS,
  MAX_AHEAD,
  MAX_CHANNELS,
  MAX_METADATA,
  MAX_NAME,
  MAX_NUMBER,
  MAX_PING,
  MAX_TOKEN,
  MAX_WAITING,
  OUTBOX_BYTES,
  OUTBOX_MESSAGES,
  SEND_BUFFER,
  SESSION_TTL_MS,
  WINDOW_BYTES,
  WINDOW_MESSAGES,
} from './limits.ts'
export type { Metadata } from './metadata.ts'
export { decodeMetadata, encodeMetadata } from './metadata.ts'
export { bucketOf, murmur2, partitionOf } from './murmur2.ts'
export { isOwnSession, OWN_SESSION } from './own-session.ts'
export type { RecordHeader, RecordHeaderTail, RecordKind } from './record-header.ts'
export { decodeRecordHeader, encodeRecordHeader, encodeRecordHeaderWith, RECORD_HEADER, recordHeaderTail } from './record-header.ts'
export { utf8Decode, utf8Encode } from './utf8.ts'
