import { decodeFrame, type Frame } from '@causeway/protocol'

/** A frame's length is positive as an i32 (docs/protocol.md, section 1). */
const ANY_SIZE = { maxPayload: 0x7fffffff }

/** A delivery as read from its bytes: a worker or a gateway made it, so that the limit of what clients may send is not its limit. */
export const readDelivery = (bytes: Uint8Array): Frame => decodeFrame(bytes, ANY_SIZE)
