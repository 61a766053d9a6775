/**
 * The one registry of errors: what crosses the wire in ERROR and CLOSE, what a WebSocket closes with, what HTTP answers, and what
 * docs/errors.md says. Source: docs/protocol.md, section 6. A number is never used again, even when its error is retired.
 */

/** One error of the registry. */
export interface ErrorEntry {
  /** 4000-4499: connect again, with back-off; 4500-4999: don't. Also the WebSocket close code. */
  readonly number: number
  readonly title: string
  /** Whether the same message may simply be sent again: it had no effect and a later try can succeed. */
  readonly retryable: boolean
  /** What the HTTP side answers; absent where HTTP never meets the error. */
  readonly httpStatus?: number
  /** What the one who gets it should do. */
  readonly remedy: string
}

/** Every error by name. */
export const ERRORS = {
  GOING_AWAY: {
    number: 4000,
    title: 'The gateway is going away',
    retryable: true,
    remedy: 'Connect again after reconnectAfterMs; the session resumes on another gateway.',
  },
  OVERLOADED: {
    number: 4001,
    title: 'Too much is waiting',
    retryable: true,
    httpStatus: 503,
    remedy: 'Send again after retryAfterMs, or later with back-off.',
  },
  IDLE: {
    number: 4002,
    title: 'Nothing was heard for too long',
    retryable: true,
    remedy: 'Connect again; answer PING with PONG, and look for a proxy that drops silent connections.',
  },
  SLOW_CONSUMER: {
    number: 4003,
    title: 'The client reads too slowly',
    retryable: true,
    remedy: 'Connect again and read faster; the outbox keeps what was not taken.',
  },
  BACKEND_UNAVAILABLE: {
    number: 4004,
    title: 'The log or the session store cannot be reached',
    retryable: true,
    httpStatus: 503,
    remedy: 'Send again with back-off; operators look at /readyz.',
  },
  TOKEN_EXPIRED: {
    number: 4010,
    title: 'The token has expired',
    retryable: true,
    httpStatus: 401,
    remedy: 'Fetch another token and connect again.',
  },
  NO_ROUTE: {
    number: 4100,
    title: 'No worker serves this route',
    retryable: true,
    httpStatus: 404,
    remedy: 'Check the route name or opcode, and start a worker that registers it.',
  },
  TIMEOUT: {
    number: 4101,
    title: 'The deadline passed',
    retryable: false,
    httpStatus: 504,
    remedy: 'The effect is unknown: ask for the state, or send again with the same idempotency key.',
  },
  DEAD_LETTERED: {
    number: 4102,
    title: 'All attempts failed; the message is kept as a dead letter',
    retryable: false,
    httpStatus: 502,
    remedy: 'Do not send it again: an operator mends and replays the dead letter.',
  },
  RATE_LIMITED: {
    number: 4103,
    title: 'The principal sends too often',
    retryable: true,
    httpStatus: 429,
    remedy: 'Send again after retryAfterMs.',
  },
  CANCELLED: {
    number: 4104,
    title: 'The client cancelled the request',
    retryable: false,
    httpStatus: 499,
    remedy: 'None: the client asked for it. A handler that ignores its signal may still have had its effect.',
  },
  HANDLER_FAILED: {
    number: 4105,
    title: 'The handler failed',
    retryable: false,
    httpStatus: 502,
    remedy: 'Part of the effect or of the stream may be done: read the detail and the worker log before sending again.',
  },
  BAD_FRAME: {
    number: 4500,
    title: 'A frame is malformed',
    retryable: false,
    remedy: 'Mend the sender; the detail says which field and what was expected.',
  },
  BAD_CHECKSUM: {
    number: 4501,
    title: 'A checksum does not match',
    retryable: false,
    remedy: 'Compute CRC-32 over every byte before it, header included; else look for a line that corrupts bytes.',
  },
  UNSUPPORTED_VERSION: {
    number: 4502,
    title: 'The version is not spoken here',
    retryable: false,
    remedy: 'Send version 2, or use the port of the dialect.',
  },
  UNKNOWN_TYPE: {
    number: 4503,
    title: 'The frame type is unknown',
    retryable: false,
    remedy: 'Use a type of docs/protocol.md, section 2.',
  },
  TOO_LARGE: {
    number: 4504,
    title: 'The payload is larger than allowed',
    retryable: false,
    httpStatus: 413,
    remedy: 'Keep within maxPayload as SYN_ACK tells it, or raise CAUSEWAY_MAX_PAYLOAD.',
  },
  HANDSHAKE_EXPECTED: {
    number: 4505,
    title: 'The handshake was expected first',
    retryable: false,
    remedy: 'Send SYN as the first frame, within the handshake time.',
  },
  UNAUTHENTICATED: {
    number: 4510,
    title: 'The token is missing or wrong',
    retryable: false,
    httpStatus: 401,
    remedy: 'Send a valid token in SYN or in the Authorization header.',
  },
  FORBIDDEN: {
    number: 4511,
    title: 'The principal may not do this',
    retryable: false,
    httpStatus: 403,
    remedy: 'Ask an operator for the permission.',
  },
  REPLACED: {
    number: 4512,
    title: 'A newer connection has taken the session over',
    retryable: false,
    remedy: 'Use the newer connection; two clients must not share a session.',
  },
  SESSION_UNKNOWN: {
    number: 4513,
    title: 'The resume token does not belong to the session',
    retryable: false,
    remedy: 'Connect without session and resumeToken to get a new session.',
  },
  BAD_PAYLOAD: {
    number: 4600,
    title: 'The payload does not match the schema of the route',
    retryable: false,
    httpStatus: 400,
    remedy: 'Mend the field that the detail names.',
  },
  REJECTED: {
    number: 4601,
    title: 'The handler said no',
    retryable: false,
    httpStatus: 422,
    remedy: 'Read the detail: the application refused the message, and it had no effect.',
  },
} as const satisfies Record<string, ErrorEntry>

/** The name of an error of the registry. */
export type ErrorName = keyof typeof ERRORS

/** The body of an ERROR, and what every layer passes on about a failure; docs/protocol.md, section 6. */
export interface Problem {
  code: ErrorName
  number: number
  title: string
  /** What exactly went wrong here: what, where, expected. */
  detail?: string
  /** Milliseconds after which another try makes sense. */
  retryAfterMs?: number
  /** The W3C trace id that the logs know the failure by. */
  traceId?: string
}

const byNumber = new Map<number, ErrorName>()
for (const [name, entry] of Object.entries(ERRORS)) byNumber.set(entry.number, name as ErrorName)

/** The name of the error with this number; undefined for a number the registry doesn't have. */
export function errorByNumber(number: number): ErrorName | undefined {
  return byNumber.get(number)
}

/** Whether a text names an error of the registry. */
export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(ERRORS, name)
}

/** A problem of this name with the registry's number and title. */
export function problem(name: ErrorName, extra?: Pick<Problem, 'detail' | 'retryAfterMs' | 'traceId'>): Problem {
  const { number, title } = ERRORS[name]
  return { code: name, number, title, ...extra }
}

/** Whether a client that was closed with this number should connect again: 4000 to 4499. docs/protocol.md, section 6. */
export function shouldReconnect(number: number): boolean {
  return number >= 4000 && number < 4500
}

/** What a decoder finds wrong with received bytes. `code` decides, `detail` tells what, where and what was expected. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ErrorName
  /** The message it is about, where the header could be read; else 0. */
  readonly msgId: number
  readonly detail: string

  constructor(code: ErrorName, detail: string, options?: { msgId?: number; cause?: unknown }) {
    super(`${code}: ${detail}`, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.msgId = options?.msgId ?? 0
    this.detail = detail
  }

  /** The same as a problem to send. */
  problem(): Problem {
    return problem(this.code, { detail: this.detail })
  }
}
