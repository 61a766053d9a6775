/** One connection that carries bytes: what TCP and WebSocket have in common. */

/** How a connection tells what happens to it. */
export interface ConnectionEvents {
  data(chunk: Uint8Array): void
  /** Called once, also after `close`. `code` is a WebSocket close code, `error` what broke the socket; neither where the peer just ended. */
  end(cause: { code?: number; error?: unknown }): void
}

/** An open connection. */
export interface Connection {
  /** Sends a frame; all frames of one turn of the event loop leave in one write, in order. */
  write(frame: Uint8Array): void
  /** Sends what was written and then ends. */
  close(): void
  /** Ends at once; what was written may be lost. */
  destroy(): void
}

/** Opens a connection and resolves once it can be written to; rejects where it can't be opened, or `signal` aborts first. */
export type OpenConnection = (url: URL, events: ConnectionEvents, signal: AbortSignal) => Promise<Connection>

/** The frames of one turn as one array. */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length === 1) return frames[0]
  let size = 0
  for (const frame of frames) size += frame.length
  const joined = new Uint8Array(size)
  let at = 0
  for (const frame of frames) {
    joined.set(frame, at)
    at += frame.length
  }
  return joined
}
