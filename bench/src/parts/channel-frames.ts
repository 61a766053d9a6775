import { Codec, encodeFrame, FrameType } from '@causeway/protocol'
import { PAYLOAD_SIZE } from '../shapes.ts'

export const CHANNEL = 'bench'
export const CHANNEL_PAYLOAD = Buffer.alloc(PAYLOAD_SIZE, 'a')

/** As a gateway writes it, but for its offset. */
export const CHANNEL_FRAME = Buffer.from(
  encodeFrame({ type: FrameType.PUSH, codec: Codec.BYTES, metadata: { channel: CHANNEL, channelOffset: 1n }, payload: CHANNEL_PAYLOAD }),
)
