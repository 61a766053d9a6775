/** What a connection writes to: bytes out, reading on and off, an end. Reading is pushed by whoever made it. */
export interface Transport {
  /** For operators: `tcp` or `websocket`. */
  readonly kind: 'tcp' | 'websocket'
  readonly remote: string
  /** Bytes written and not yet taken by the peer's system. */
  readonly waitingBytes: number
  /** Adds to what the next flush writes. */
  queue(bytes: Uint8Array): void
  /** Writes all that is queued in one go. */
  flush(): void
  pauseReading(): void
  resumeReading(): void
  /** Calls back once what waits has been taken. */
  onceDrained(callback: () => void): void
  /** Flushes and ends; the number is the close code where the transport has one. What the peer still sends is dropped. */
  end(code: number, reason: string): void
  /** Cuts it off. */
  destroy(): void
}
