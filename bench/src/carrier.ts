/** What carries a connection's frames where it isn't the bare socket. */
export interface Carrier {
  /** Sent first; its answer opens the carrier. */
  readonly handshake: Buffer
  readonly isOpen: boolean
  /** Frames, as they are written to the socket. */
  wrap(frames: Buffer): Buffer
  /** The frames' bytes in what a read brought, none where it brought no whole message. */
  unwrap(chunk: Buffer): Buffer
}
