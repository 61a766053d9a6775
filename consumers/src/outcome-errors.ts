/** Answers the request with REJECTED; no retry. The text reaches the client. */
export class Reject extends Error {
  override readonly name = 'Reject'
}

/** Asks for the next attempt in `delayMs`, in place of the route's back-off; it counts as an attempt. A number that is no time (negative, NaN, infinite) leaves the back-off. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter'
  readonly delayMs: number

  constructor(delayMs: number, message = `retry in ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** Gives the message up at once: it becomes a dead letter, the client gets DEAD_LETTERED. */
export class DeadLetter extends Error {
  override readonly name: string = 'DeadLetter'
}
