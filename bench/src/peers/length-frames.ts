/** Frames of the bare `net` echo: u32 length, payload. */
export const LENGTH_SIZE = 4

export function lengthFrame(payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_SIZE + payload.length)
  frame.writeUInt32BE(payload.length)
  payload.copy(frame, LENGTH_SIZE)
  return frame
}

/** Where the frame at `at` ends; -1 while it is incomplete. */
export function lengthFrameEnd(bytes: Buffer, at: number): number {
  if (bytes.length - at < LENGTH_SIZE) return -1
  const end = at + LENGTH_SIZE + bytes.readUInt32BE(at)
  return end > bytes.length ? -1 : end
}
