import type { Effects } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { ServiceConfig } from './central/service-config.ts'
import type { MessageEffects } from './effects/message-effects.ts'
import type { SessionState } from './effects/session-state.ts'
import type { SharedState } from './effects/shared-state.ts'
import type { EmitOptions, EmitTarget } from './emits/emitted.ts'
import { type Source, sourceOf } from './emits/source.ts'
import type { Once, OnceOptions } from './once.ts'
import type { PushTarget } from './pushes.ts'
import type { Ask, RequestOptions } from './requests/requests.ts'
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
  /** Where there is none, `ctx.request` fails. */
  ask?: Ask | undefined
  /** The service's own keys of the central configuration; where there is none, defaults. */
  config?: Pick<ServiceConfig, 'get'> | undefined
  /** Keeps state and emits until the finish; where there is none, both fail. */
  effects?: () => MessageEffects
}

/** One handling of one message. What costs something is made when it is first asked for. */
export class Context {
  readonly #parts: ContextParts
  #controller: AbortController | undefined
  /** Why the signal ends, where it does before anybody asked for it. */
  #aborted: { reason: unknown } | undefined
  #log: Logger | undefined
  #effects: MessageEffects | undefined
  /** How many requests this handling has made. */
  #requests = 0

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

  /**
   * A key of the service's own in the central configuration, as it stands now; `otherwise` where nobody has set it, or to another kind of value that no
   * schema of the service has looked at.
   */
  config<T>(key: string, otherwise: T): T {
    return this.#parts.config === undefined ? otherwise : this.#parts.config.get(key, otherwise)
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
    return unheeded(this.#parts.push(this, target, payload))
  }

  /**
   * Runs an effect at most once for this message, in all its attempts and replays, and remembers its result (a value that can be copied, up to 1 MiB; docs/handlers.md, *Once*).
   * An effect that throws did not take place. Rejects with OnceUnknown where an earlier attempt began it and never said how it ended.
   */
  once<T>(name: string, effect: () => T | Promise<T>, options?: OnceOptions): Promise<T> {
    const { once, message } = this.#parts
    const { session, msgId } = this
    return unheeded(once.run({ session, incarnation: message.header.incarnation, msgId }, name, effect, options))
  }

  /**
   * Asks a route of any service, as a session of its own, and resolves with the answer: its value, bytes where it is neither JSON nor MessagePack, undefined for nothing. The deadline
   * of this message, its principal, its trace and a key made of it (`<service>/<session>/<msgId>/r<n>`, the same at each attempt) go along. Rejects with a RequestError, whose `code`
   * says why, or with the signal's reason: then whoever handles it is told to stop.
   */
  request<T = unknown>(route: string, payload?: unknown, options: RequestOptions = {}): Promise<T> {
    const { ask } = this.#parts
    if (ask === undefined) return Promise.reject(new Error(`ctx.request(${JSON.stringify(route)}): there are no other services here`))
    return unheeded(ask(this, ++this.#requests, route, payload, options) as Promise<T>)
  }

  /** Where the message comes from, if another service, or this one, emitted it; undefined where it is a client's. */
  get source(): Source | undefined {
    return sourceOf(this.#parts.message)
  }

  /** What this service keeps of the session. Throws a TypeError where the route's order is not `session`, or it has a cache. */
  get state(): SessionState {
    return this.#kept().state
  }

  /** What this service keeps for all its sessions. */
  get shared(): SharedState {
    return this.#kept().shared
  }

  /**
   * Emits a message to a service's route: it is kept with the finish, or not at all, and handled there as a notification, in the order of this
   * session's emits to that service. Or to a Kafka topic of one's own, as a record with the session as its key. Rejects, and fails the attempt, where
   * nobody has ever served the route, or it is too much.
   */
  emit(target: EmitTarget, payload?: unknown, options: EmitOptions = {}): Promise<void> {
    return unheeded(this.#kept().emit(target, payload, options))
  }

  #kept(): MessageEffects {
    const { effects } = this.#parts
    if (effects === undefined) throw new Error('ctx.state and ctx.emit: there is no store here')
    this.#effects ??= effects()
    return this.#effects
  }

  /** Whether the finish has pushes, state or emits to take along; for the worker. */
  get hasEffects(): boolean {
    return this.ownPushes.length > 0 || this.#effects?.any === true
  }

  /** All of them; rejects where they can't take effect. For the worker. */
  async takeEffects(): Promise<Effects> {
    const pushes = this.ownPushes.splice(0)
    return this.#effects === undefined ? { pushes } : await this.#effects.taken(pushes)
  }

  /** The attempt has come to nothing; for the worker. */
  dropEffects(): void {
    this.#effects?.close()
  }

  /** Pushes to the own session, held until the answer. */
  readonly ownPushes: Uint8Array[] = []

  /** Who answers in the handler's stead, as the client is told; for the worker. */
  answeredBy: string | undefined

  /** It waits for a place of its route or key: the route's time-out begins afterwards; for the worker. */
  waiting = false

  /** Ends the signal; for the worker. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }
}

/** A handler that leaves it alone must not end the process of all others when it rejects. */
function unheeded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
