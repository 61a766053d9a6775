/** The client: one session over whatever connection there is now. docs/protocol.md. */
import type { ChannelState, Frame, FrameInit, SynAck } from '@causeway/protocol'
import { decodeCredit, decodeGoaway, encodeFrame, encodeSyn, FrameType, KEEP_ALIVE_MS, shouldReconnect } from '@causeway/protocol'
import { AnswerStream } from './answer-stream.ts'
import { backoffDelay, delay, untilAborted } from './backoff.ts'
import type { OpenConnection } from './connection.ts'
import { Emitter } from './emitter.ts'
import { CausewayError, failure, localFailure } from './errors.ts'
import type { Gateways } from './gateways.ts'
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS, CONNECT_TIMEOUT_MS, GOAWAY_DRAIN_MS, OPEN_TIMEOUT_MS, SWEEP_MS } from './limits.ts'
import type { LinkEnd } from './link.ts'
import { Link } from './link.ts'
import type { MessageEvents } from './message.ts'
import { isLast, Message, messageInit, subscriptionInit } from './message.ts'
import { checkChannel, checkOptions, SUBSCRIBE_OPTIONS } from './option-checks.ts'
import type { ClientEvents, ConnectOptions, MessageOptions, SubscribeOptions } from './options.ts'
import { readPush } from './push.ts'
import { SessionState } from './session-state.ts'
import { type Subscription, Subscriptions } from './subscriptions.ts'
import { WholeAnswer } from './whole-answer.ts'

const CLIENT = { name: '@causeway/client', version: '0.1.0' }
const CODECS = ['json', 'bytes']

/** A session with a gateway; made by `connect`. Closed by `close` or `await using`. */
export class Client implements AsyncDisposable {
  readonly #gateways: Gateways
  readonly #options: ConnectOptions
  readonly #open: OpenConnection
  readonly #state = new SessionState()
  readonly #subscriptions = new Subscriptions()
  readonly #emitter = new Emitter<ClientEvents>()
  readonly #closing = new AbortController()
  readonly #opened = Promise.withResolvers<void>()
  #running: Promise<void> = Promise.resolve()
  /** The link there is, perhaps still in its handshake. */
  #current: Link | undefined
  /** The same once it is past its handshake. */
  #link: Link | undefined
  /** After a GOAWAY: nothing new is sent on this link. */
  #draining = false
  #attempt = 0
  /** Why the last connection ended or could not be opened. */
  #lastError: CausewayError | undefined
  /** Why the client is closed. */
  #closedBy: CausewayError | undefined
  #sweepTimer: ReturnType<typeof setInterval> | undefined

  constructor(gateways: Gateways, open: OpenConnection, options: ConnectOptions) {
    this.#gateways = gateways
    this.#open = open
    this.#options = options
  }

  /** Begins to connect; resolves once connected. Used by `connect`. */
  async start(): Promise<void> {
    const { connectTimeout = CONNECT_TIMEOUT_MS } = this.#options
    this.#running = this.#run()
    const timer = setTimeout(() => {
      this.#shut(localFailure('UNREACHABLE', `no connection to ${this.#gateways.names} within ${connectTimeout} ms`, this.#lastError))
    }, connectTimeout)
    try {
      await this.#opened.promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** The id of the session; it survives a lost connection, and changes only when the server has forgotten it. */
  get session(): string | undefined {
    return this.#state.session
  }

  /** Calls `listener` on each event; returns a function that ends it. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener)
  }

  /**
   * Sends a request and resolves with its answer: the value where it is JSON, else the bytes. A number is an opcode, a text a route name.
   * Rejects with CausewayError: the server's, OVERLOADED where too much waits, UNKNOWN where the session was lost, CANCELLED by `signal`.
   * From a route that streams it resolves with the list of values. Rejects with TypeError or RangeError where route, options or payload are wrong.
   */
  request<Answer = unknown>(route: string | number, payload?: unknown, options?: MessageOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#send(
        FrameType.REQUEST,
        route,
        payload,
        options,
        new WholeAnswer(resolve as (answer: unknown) => void, reject, options?.onAnsweredBy),
      )
    })
  }

  /** Sends a message that has no answer; resolves once it is stored durably. Rejects as `request` does. */
  notify(route: string | number, payload?: unknown, options?: MessageOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#send(FrameType.NOTIFY, route, payload, options, { answer() {}, stored: resolve, fail: reject })
    })
  }

  /** The answers of a route that streams, as they come. The request is sent when the first is asked for; leaving the loop early cancels it. */
  stream<Value = unknown>(route: string | number, payload?: unknown, options?: MessageOptions): AsyncIterableIterator<Value> {
    let message: Message | undefined
    return new AnswerStream<Value>(
      events => {
        message = this.#send(FrameType.REQUEST, route, payload, options, events)
      },
      () => message && this.#cancel(message, failure('CANCELLED', 'the reader left the stream')),
    )
  }

  /**
   * Subscribes to a channel: its messages come as `push` events, once each and in order, over whatever connection there is by then. What could not be had
   * after a lost connection is told by a `missed` event. Rejects with FORBIDDEN where the token does not include the channel, with TypeError or RangeError where an option is wrong.
   */
  async subscribe(channel: string, options: SubscribeOptions = {}): Promise<Subscription> {
    checkChannel(channel)
    checkOptions(options, SUBSCRIBE_OPTIONS)
    const { offset, signal } = options
    const asked = offset === undefined ? undefined : Number(offset)
    const answer = (await this.#ask(subscriptionInit(FrameType.SUBSCRIBE, channel, asked), signal, reply => {
      // before the first message, which may be in the same read
      this.#subscriptions.add(channel, (reply as ChannelState).offset)
    })) as ChannelState
    const subscriptions = this.#subscriptions
    return {
      channel,
      recovered: answer.recovered,
      get offset() {
        return subscriptions.offsetOf(channel) ?? answer.offset
      },
      unsubscribe: async () => {
        subscriptions.remove(channel)
        await this.#ask(subscriptionInit(FrameType.UNSUBSCRIBE, channel, undefined), undefined, () => {})
      },
    }
  }

  #ask(init: FrameInit, signal: AbortSignal | undefined, answered: (reply: unknown) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const events = new WholeAnswer(reply => {
        answered(reply)
        resolve(reply)
      }, reject)
      this.#enqueue(new Message(init, false, events, Date.now()), signal)
    })
  }

  /** Ends the session's connection. What is unanswered rejects: UNKNOWN where it was sent, else CLOSED. */
  async close(): Promise<void> {
    this.#shut(localFailure('CLOSED', 'close was called'))
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #send(type: number, route: string | number, payload: unknown, options: MessageOptions | undefined, events: MessageEvents): Message {
    const message = new Message(messageInit(type, route, payload, options), type === FrameType.NOTIFY, events, Date.now())
    return this.#enqueue(message, options?.signal)
  }

  #enqueue(message: Message, signal: AbortSignal | undefined): Message {
    try {
      if (this.#closedBy !== undefined) throw this.#closedBy
      if (signal !== undefined) this.#obey(signal, message)
      if (!message.settled) this.#state.enqueue(message)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      message.fail(error)
    }
    if (message.deadline < Number.POSITIVE_INFINITY) this.#sweepTimer ??= setInterval(this.#sweep, SWEEP_MS)
    this.#pump()
    return message
  }

  #obey(signal: AbortSignal, message: Message): void {
    const abort = () => this.#cancel(message, failure('CANCELLED', 'the signal was aborted', signal.reason))
    signal.addEventListener('abort', abort)
    message.release = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) abort()
  }

  #cancel(message: Message, error: CausewayError): void {
    if (message.finished) return
    message.fail(error)
    if (this.#state.withdraw(message)) return
    message.cancelled = true
    this.#link?.send(encodeFrame({ type: FrameType.CANCEL, msgId: message.msgId }))
  }

  /** Sends what the window lets go. */
  #pump(): void {
    if (this.#link === undefined || this.#draining) return
    for (let message = this.#state.next(); message !== undefined; message = this.#state.next()) this.#link.send(message.frame)
  }

  readonly #sweep = (): void => {
    this.#state.expire(Date.now())
    if (this.#state.hasDeadlines) return
    clearInterval(this.#sweepTimer)
    this.#sweepTimer = undefined
  }

  /** Connects again and again until the client is closed or the server says stop. */
  async #run(): Promise<void> {
    const { min = BACKOFF_MIN_MS, max = BACKOFF_MAX_MS } = this.#options.backoff ?? {}
    while (this.#closedBy === undefined) {
      this.#emitter.emit('state', { state: 'connecting' })
      const { code, error } = await this.#connectOnce()
      this.#link = undefined
      this.#current = undefined
      this.#lastError = error
      if (this.#closedBy !== undefined) return
      if (code >= 4_000 && !shouldReconnect(code)) return this.#shut(error)
      this.#emitter.emit('state', { state: 'disconnected', error })
      const wait = this.#draining ? 0 : backoffDelay(this.#attempt++, { min, max }, Math.random)
      this.#draining = false
      await delay(wait, this.#closing.signal)
    }
  }

  /** One connection from its opening to its end. Never rejects. */
  async #connectOnce(): Promise<LinkEnd> {
    let url: URL | undefined
    try {
      const token = await untilAborted(this.#options.token?.(), this.#closing.signal)
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
      let link: Link | undefined
      const events = {
        welcome: (synAck: SynAck) => link && this.#welcome(link, synAck),
        frame: (frame: Frame) => link && this.#frame(link, frame),
        taken: () => this.#state.lastSeq,
      }
      url = await this.#gateways.choose(token, signal)
      link = await Link.open(this.#open, url, events, signal)
      if (this.#closedBy !== undefined) link.close('the client is done')
      else {
        const { keepAlive = KEEP_ALIVE_MS } = this.#options
        link.start(
          encodeSyn({
            token,
            ...this.#state.nextSyn(Date.now()),
            channels: this.#subscriptions.wanted,
            keepAliveMs: keepAlive,
            codecs: CODECS,
            client: CLIENT,
          }),
        )
        this.#current = link
      }
      return await link.ended
    } catch (cause) {
      return { code: 0, error: localFailure('UNREACHABLE', `no connection to ${url?.host ?? this.#gateways.names}`, cause) }
    } finally {
      if (url !== undefined) this.#gateways.left(url)
    }
  }

  #welcome(link: Link, synAck: SynAck): void {
    const first = this.#state.session === undefined
    const again = this.#state.welcome(synAck, Date.now())
    this.#link = link
    for (const missed of this.#subscriptions.welcome(synAck.channels)) this.#emitter.emit('missed', missed)
    for (const message of again) link.send(message.frame)
    for (const { msgId } of this.#state.cancelled()) link.send(encodeFrame({ type: FrameType.CANCEL, msgId }))
    this.#emitter.emit('state', { state: 'connected', session: synAck.session, recovered: first ? undefined : synAck.recovered })
    this.#opened.resolve()
    this.#pump()
  }

  #frame(link: Link, frame: Frame): void {
    switch (frame.type) {
      case FrameType.ACK:
        this.#attempt = 0
        this.#state.markStored(frame.msgId)
        break
      case FrameType.CREDIT:
        this.#state.setWindow(decodeCredit(frame.payload))
        break
      case FrameType.GOAWAY:
        this.#drain(link, decodeGoaway(frame.payload).reconnectAfterMs)
        break
      default:
        this.#deliver(link, frame)
    }
    this.#pump()
  }

  /** RESPONSE, ERROR and PUSH: each kept delivery is taken once, however often it comes. */
  #deliver(link: Link, frame: Frame): void {
    // a gateway that welcomes and then closes is no better than one that is away
    this.#attempt = 0
    const kept = frame.seq !== 0
    if (!kept || this.#state.isNew(frame.seq)) {
      if (frame.type === FrameType.PUSH) this.#push(frame)
      else if (frame.msgId !== 0) this.#answer(frame)
    }
    if (!kept) return
    this.#state.take(frame.seq)
    link.acknowledge()
  }

  #push(frame: Frame): void {
    const { channel, channelOffset } = frame.metadata ?? {}
    if (channel !== undefined && !this.#subscriptions.take(channel, Number(channelOffset ?? 0))) return
    this.#emitter.emit('push', readPush(frame))
  }

  #answer(frame: Frame): void {
    const message = this.#state.find(frame.msgId)
    if (message === undefined) return
    if (isLast(frame)) this.#state.finish(message)
    message.take(frame)
  }

  /** After a GOAWAY: nothing new here; move once all is answered, at the latest after a while. */
  #drain(link: Link, reconnectAfterMs: number): void {
    if (this.#draining) return
    this.#draining = true
    const started = Date.now()
    const timer = setInterval(() => {
      const waited = Date.now() - started
      if (waited < reconnectAfterMs || (this.#state.inFlight > 0 && waited < reconnectAfterMs + GOAWAY_DRAIN_MS)) return
      link.close('moving to another gateway')
    }, SWEEP_MS)
    void link.ended.then(() => clearInterval(timer))
  }

  /** Closes for good; the first reason counts. */
  #shut(reason: CausewayError): void {
    if (this.#closedBy !== undefined) return
    this.#closedBy = reason
    clearInterval(this.#sweepTimer)
    this.#current?.close('the client is done')
    this.#closing.abort(reason)
    this.#link = undefined
    this.#opened.reject(reason)
    this.#opened.promise.catch(() => {})
    this.#state.end('the client was closed before the answer came', reason)
    this.#emitter.emit('state', { state: 'closed', error: reason })
  }
}
