import { encodeFrame, FrameType, HEADER_SIZE } from '@causeway/protocol'

/** Bytes of a metadata entry before its value: tag u8, length u16. */
const ENTRY_HEADER = 3

/** A PUSH frame through a channel whose offset is still to be set, and where its eight bytes lie. */
export function channelFrame(channel: string, payload: Uint8Array, codec: number): { frame: Uint8Array; offsetAt: number } {
  const frame = encodeFrame({ type: FrameType.PUSH, codec, metadata: { channel, channelOffset: 0n }, payload })
  // entries stand in the order of their tags: the channel (6), then its offset (9)
  const offsetAt = HEADER_SIZE + 2 + ENTRY_HEADER + Buffer.byteLength(channel) + ENTRY_HEADER
  return { frame, offsetAt }
}

/** Sets the offset of a frame that channelFrame made. */
export function setOffset(frame: Uint8Array, offsetAt: number, offset: number): void {
  new DataView(frame.buffer, frame.byteOffset, frame.byteLength).setBigUint64(offsetAt, BigInt(offset))
}
