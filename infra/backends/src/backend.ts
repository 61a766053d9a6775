/** A server that was started for tests or development. */
export interface Backend {
  /** Where it listens; always a loopback address. */
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
  /** The server's process; with Docker, that of the `docker run` in front of it. */
  readonly pid: number
  /** Ends it in order, then removes its data unless the caller named the folder. Resolves when the process is gone; safe to call twice. */
  stop(): Promise<void>
  /**
   * Sends a signal, for fault tests. Resolves at once for SIGSTOP and SIGCONT, for every other signal when the process
   * is gone. Data stays, so that the server can be started again on the same `port` and `dataDir`.
   */
  kill(signal: NodeJS.Signals): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A backend can't be started on this machine. The message says what is missing and how to get it; `cause` holds what was tried. */
export class BackendUnavailable extends Error {
  override readonly name = 'BackendUnavailable'
  /** `Kafka` or `Redis`. */
  readonly backend: string

  constructor(backend: string, remedy: string, cause?: unknown) {
    super(`${backend} can't be started here: ${remedy}`, { cause })
    this.backend = backend
  }
}
