import type { Logger } from '@causeway/telemetry'
import type { Once, OnceOptions } from './once.ts'
import type { PushTarget } from './pushes.ts'
import type { StoredMessage } from './stored-message.ts'

/** What a handler can reach beside its input. */
export interface ContextParts {
  message: StoredMessage
  /** From 1. */
  attempt: number
  /** Unix ms; Infinity where there is none. */
  deadline: number
  /** Number of the replay; default 0, for what is none. */
  replay?: number
  logger: Logger
  push(ctx: Context, target: PushTarget, payload: unknown): Promise<void>
  once: Once
}

/** One handling of one message. What costs something is made when it is first asked for. */
export class Context {
  readonly #parts: ContextParts
  #controller: AbortController | undefined
  /** Why the signal ends, where it does before anybody asked for it. */
  #aborted: { reason: unknown } | undefined
  #log: Logger | undefined

  constructor(parts: ContextParts) {
    this.#parts = parts
  }

  get session(): string {
    return this.#parts.message.session
  }

  /** The token's `sub`; '' where clients need none. */
  get principal(): string {
    return this.#parts.message.header.principal
  }

  get msgId(): number {
    return this.#parts.message.header.msgId
  }

  get route(): string {
    return this.#parts.message.header.route
  }

  /** From 1. */
  get attempt(): number {
    return this.#parts.attempt
  }

  /** Which replay of a dead letter this is, from 1; 0 where the message itself is handled. */
  get replay(): number {
    return this.#parts.replay ?? 0
  }

  /** Idempotency key that the client gave; '' where it gave none. */
  get key(): string {
    return this.#parts.message.header.key
  }

  /** When the answer is of no use any more; Infinity as time where there is no such moment. */
  get deadline(): number {
    return this.#parts.deadline
  }

  /** W3C traceparent of the request; undefined where it brought none. */
  get trace(): string | undefined {
    return this.#parts.message.traceparent
  }

  /** Aborted when the deadline passes, the client cancels, or the worker stops. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  /** Lines carry session, message, route and attempt. */
  get log(): Logger {
    const { session, msgId, route, attempt, trace } = this
    this.#log ??= this.#parts.logger.child({ session, msgId, route, attempt, trace })
    return this.#log
  }

  /**
   * Sends a PUSH to a session, or to all of a channel's subscribers: JSON, or a Uint8Array as bytes. To the own session it takes effect with the answer,
   * before it, or not at all; to others when the promise resolves, and again where the message is handled again. Rejects where that session is not known, or its outbox is full.
   */
  push(target: PushTarget, payload: unknown): Promise<void> {
    return this.#parts.push(this, target, payload)
  }

  /**
   * Runs an effect at most once for this message, in all its attempts and replays, and remembers its result (a value that can be copied, up to 1 MiB; docs/handlers.md, *Effects*).
   * An effect that throws did not take place. Rejects with OnceUnknown where an earlier attempt began it and never said how it ended.
   */
  once<T>(name: string, effect: () => T | Promise<T>, options?: OnceOptions): Promise<T> {
    const { once, message } = this.#parts
    const { session, msgId } = this
    return once.run({ session, incarnation: message.header.incarnation, msgId }, name, effect, options)
  }

  /** Pushes to the own session, held until the answer. */
  readonly ownPushes: Uint8Array[] = []

  /** Who answers in the handler's stead, as the client is told; for the worker. */
  answeredBy: string | undefined

  /** Ends the signal; for the worker. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }
}
