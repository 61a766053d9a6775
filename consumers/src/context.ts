import type { Effects } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import type { MessageEffects } from './effects/message-effects.ts'
import type { SessionState } from './effects/session-state.ts'
import type { SharedState } from './effects/shared-state.ts'
import type { EmitOptions, EmitTarget } from './emits/emitted.ts'
import { type Source, sourceOf } from './emits/source.ts'
import type { OnceOptions } from './once.ts'
import type { PushTarget } from './pushes.ts'
import type { Reach } from './reach.ts'
import type { RequestOptions } from './requests/requests.ts'
import type { Route } from './route.ts'
import type { StoredMessage } from './stored-message.ts'

/** One handling of one message. What costs something is made when it is first asked for. */
export class Context {
  readonly #reach: Reach
  readonly #message: StoredMessage
  readonly #route: Route | undefined
  /** From 1. */
  readonly attempt: number
  /** When the answer is of no use any more, Unix ms; Infinity where there is no such moment. */
  readonly deadline: number
  /** Which replay of a dead letter this is, from 1; 0 where the message itself is handled. */
  readonly replay: number
  #controller: AbortController | undefined
  /** Why the signal ends, where it does before anybody asked for it. */
  #aborted: { reason: unknown } | undefined
  #log: Logger | undefined
  #effects: MessageEffects | undefined
  /** How many requests this handling has made. */
  #requests = 0

  /** Without a route nothing runs. */
  constructor(reach: Reach, message: StoredMessage, route: Route | undefined, attempt: number, deadline: number, replay = 0) {
    this.#reach = reach
    this.#message = message
    this.#route = route
    this.attempt = attempt
    this.deadline = deadline
    this.replay = replay
  }

  get session(): string {
    return this.#message.session
  }

  /** The token's `sub`; '' where clients need none. */
  get principal(): string {
    return this.#message.header.principal
  }

  get msgId(): number {
    return this.#message.header.msgId
  }

  get route(): string {
    return this.#message.header.route
  }

  /** Idempotency key that the client gave; '' where it gave none. */
  get key(): string {
    return this.#message.header.key
  }

  /** W3C traceparent of the request; undefined where it brought none. */
  get trace(): string | undefined {
    return this.#message.traceparent
  }

  /**
   * A key of the service's own in the central configuration, as it stands now; `otherwise` where nobody has set it, or to another kind of value that no
   * schema of the service has looked at.
   */
  config<T>(key: string, otherwise: T): T {
    const { config } = this.#reach
    return config === undefined ? otherwise : config.get(key, otherwise)
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
    this.#log ??= this.#reach.logger.child({ session, msgId, route, attempt, trace })
    return this.#log
  }

  /**
   * Sends a PUSH to a session, or to all of a channel's subscribers: JSON, or a Uint8Array as bytes. To the own session it takes effect with the answer,
   * before it, or not at all; to others when the promise resolves, and again where the message is handled again. Rejects where that session is not known, or its outbox is full.
   */
  push(target: PushTarget, payload: unknown): Promise<void> {
    return unheeded(this.#reach.push(this, target, payload))
  }

  /**
   * Runs an effect at most once for this message, in all its attempts and replays, and remembers its result (a value that can be copied, up to 1 MiB; docs/handlers.md, *Once*).
   * An effect that throws did not take place. Rejects with OnceUnknown where an earlier attempt began it and never said how it ended.
   */
  once<T>(name: string, effect: () => T | Promise<T>, options?: OnceOptions): Promise<T> {
    const { session, msgId } = this
    const { incarnation } = this.#message.header
    return unheeded(this.#reach.once.run({ session, incarnation, msgId }, name, effect, options))
  }

  /**
   * Asks a route of any service, as a session of its own, and resolves with the answer: its value, bytes where it is neither JSON nor MessagePack, undefined for nothing. The deadline
   * of this message, its principal, its trace and a key made of it (`<service>/<session>/<msgId>/r<n>`, the same at each attempt) go along. Rejects with a RequestError, whose `code`
   * says why, or with the signal's reason: then whoever handles it is told to stop.
   */
  request<T = unknown>(route: string, payload?: unknown, options: RequestOptions = {}): Promise<T> {
    const { ask } = this.#reach
    if (ask === undefined) return Promise.reject(new Error(`ctx.request(${JSON.stringify(route)}): there are no other services here`))
    return unheeded(ask(this, ++this.#requests, route, payload, options) as Promise<T>)
  }

  /** Where the message comes from, if another service, or this one, emitted it; undefined where it is a client's. */
  get source(): Source | undefined {
    return sourceOf(this.#message)
  }

  /** How many emits, one after the other, have led to this message; 0 where none has. At 32 it can't emit any more. */
  get hops(): number {
    return this.#message.header.hops ?? 0
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
   * nobody has ever served the route, or it is too much; with EmitLoop, which makes the message a dead letter, where 32 emits in a row have led here.
   */
  emit(target: EmitTarget, payload?: unknown, options: EmitOptions = {}): Promise<void> {
    return unheeded(this.#kept().emit(target, payload, options))
  }

  #kept(): MessageEffects {
    if (this.#effects !== undefined) return this.#effects
    const { effects } = this.#reach
    if (effects === undefined || this.#route === undefined) throw new Error('ctx.state and ctx.emit: there is no store here')
    this.#effects = effects.of(this.#message, this.#route, this.replay > 0)
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
