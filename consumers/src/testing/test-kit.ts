import { setImmediate as nextTurn } from 'node:timers/promises'
import { bucketOf, Codec, encodeRecordHeader, laneOf, type RecordHeader } from '@causeway/protocol'
import type { KnownRoute } from '@causeway/registry'
import { ResultsInMemory } from '@causeway/results/in-memory'
import type { AttemptError, DeadLetter } from '@causeway/retries'
import { type Emit, FinishBatcher, type Outcome } from '@causeway/sessions'
import { type Logger, silentLogger } from '@causeway/telemetry'
import { ServiceConfig } from '../central/service-config.ts'
import { Counters } from '../counters.ts'
import { HandlerEffects } from '../effects/handler-effects.ts'
import { decodeStateValue } from '../effects/state-value.ts'
import { unpackEmit } from '../emits/emit-record.ts'
import { MessageRunner } from '../message-runner.ts'
import { milliseconds } from '../milliseconds.ts'
import { Once } from '../once.ts'
import { OrderKeys } from '../order-keys.ts'
import { PolicedRoutes } from '../policies/policed.ts'
import { type TestAnswer, testRequests } from '../requests/test-requests.ts'
import type { Route } from '../route.ts'
import { compileRoutes } from '../route-set.ts'
import { Running } from '../running.ts'
import type { Service } from '../service.ts'
import type { StoredMessage } from '../stored-message.ts'
import { AnswerError, readValue } from './answer.ts'
import { AnswerQueue } from './answer-queue.ts'
import { TestClock } from './test-clock.ts'
import { type TestPush, TestStore } from './test-store.ts'

export interface TestKitOptions {
  /** Unix ms at which the clock stands. Default 2026-01-01 UTC. */
  now?: number
  /** With false the clock moves by `advance` alone. Default true: it jumps to the next retry when nothing else can happen. */
  autoAdvance?: boolean
  /** Bytes of the largest payload. Default 1 MiB. */
  maxPayload?: number
  /** What stands for other services' routes, which handlers ask with `ctx.request`. */
  requests?: Readonly<Record<string, TestAnswer>>
  logger?: Logger
}

export interface TestMessageOptions {
  /** Whose message it is; those of one session are handled in order. Default `test`. */
  session?: string
  principal?: string
  /** Idempotency key. */
  key?: string
  /** Codec of the payload and the answer, where the input is bytes. Default JSON. */
  codec?: number
  /** Of the request, ms or '5s'. Default: as the route says. */
  timeout?: number | string
  /** W3C traceparent. */
  traceparent?: string
  /** Cancels it, as its client would. */
  signal?: AbortSignal
}

/** A message that a handler has emitted. */
export interface TestEmit {
  readonly route?: string
  readonly topic?: string
  /** JSON as its value; bytes as they are. */
  readonly payload: unknown
  /** Its idempotency key: `service/session/msgId/n`. */
  readonly key: string
}

/** A message that was given up. */
export interface TestDeadLetter {
  readonly session: string
  readonly route: string
  readonly payload: unknown
  readonly reason: string
  readonly errors: readonly AttemptError[]
}

/**
 * Runs a service in memory, as a worker would: schema, codecs, middleware, retries, dead letters, streams, pushes, time-outs, order of a session. Time stands still
 * but for `advance`, and for jumps to the next retry. What a handler itself waits for takes the time it takes.
 */
export function testKit(service: Service, options: TestKitOptions = {}): TestKit {
  return new TestKit(service, options)
}

const SETTLING_TURNS = 4

export class TestKit implements Disposable {
  /** What handlers have pushed, in order. */
  readonly pushes: TestPush[]
  readonly deadLetters: TestDeadLetter[] = []
  /** What handlers have emitted, in order; to the service's own routes it is handled too. */
  readonly emits: TestEmit[] = []
  readonly #service: Service
  readonly #own: ServiceConfig
  readonly #policed: PolicedRoutes
  readonly #clock: TestClock
  readonly #store: TestStore
  readonly #running: Running
  readonly #runner: MessageRunner
  readonly #autoAdvance: boolean
  readonly #maxPayload: number
  /** Highest message of each session. */
  readonly #numbers = new Map<string, number>()
  readonly #keys: OrderKeys
  /** The end of each lane's last message in order. */
  readonly #lanes = new Map<string, Promise<void>>()
  /** Attempts that have not ended. */
  #busy = 0
  #advancing = false

  constructor(
    service: Service,
    { now = Date.UTC(2026, 0, 1), autoAdvance = true, maxPayload = 1 << 20, requests = {}, logger = silentLogger }: TestKitOptions,
  ) {
    this.#service = service
    this.#own = new ServiceConfig(service, logger)
    this.#clock = new TestClock(now)
    this.#store = new TestStore(emit => this.#emitted(emit))
    const results = new ResultsInMemory({ now: () => this.now })
    this.#policed = new PolicedRoutes(compileRoutes(service.name, service.routes), {
      service: service.name,
      clock: this.#clock,
      results,
      logger,
    })
    this.#autoAdvance = autoAdvance
    this.#maxPayload = maxPayload
    this.#keys = new OrderKeys(maxPayload, logger)
    this.#running = new Running(this.#clock)
    this.pushes = this.#store.pushes
    this.#runner = new MessageRunner({
      worker: 'test-kit',
      service: service.name,
      routes: this.#policed.routes,
      finisher: new FinishBatcher(this.#store.port, logger),
      publish: async (channel, payload, codec) => this.pushes.push({ channel, payload: readValue(codec, payload) }),
      once: new Once(service.name, results, logger),
      ask: testRequests(service.name, requests),
      config: this.#own,
      effects: new HandlerEffects({
        ...{ service: service.name, sessions: this.#store.port, maxPayload, logger },
        routes: async () => ({ byName: name => this.#known(name), trackOf: route => route.service, names: [] }),
        now: () => this.now,
        emitted: () => undefined,
      }),
      deadLetters: { bury: async letter => this.#bury(letter) },
      running: this.#running,
      maxPayload,
      counters: new Counters(),
      clock: this.#clock,
      logger,
    })
  }

  /** Unix ms of the kit's clock. */
  get now(): number {
    return this.#clock.now()
  }

  /** Sets the service's own keys, all of them, as the central configuration would: `ctx.config` reads them, listeners hear of changes. Rejects where its schema refuses them. */
  async configure(values: Readonly<Record<string, unknown>>): Promise<void> {
    const take = await this.#own.prepare(values)
    take()
  }

  /** The answer as its client gets it: JSON as a value, else bytes; nothing is undefined. Rejects with an AnswerError. A stream's values come as an array. */
  async request(route: string, input?: unknown, options: TestMessageOptions = {}): Promise<unknown> {
    const answers = this.#send('request', route, input, options)
    const values: unknown[] = []
    for await (const value of answers) values.push(value)
    return answers.isStream ? values : values[0]
  }

  /** The values of a stream as they come. Leaving the loop cancels it. */
  stream(route: string, input?: unknown, options: TestMessageOptions = {}): AsyncIterable<unknown> {
    return this.#send('request', route, input, options)
  }

  /** Resolves with how it ended, which no client is told: `notified` where all is well. */
  notify(route: string, input?: unknown, options: TestMessageOptions = {}): Promise<Outcome> {
    return this.#send('notify', route, input, options).outcome
  }

  /** What the service keeps of a session, by key. */
  state(session = 'test'): Map<string, unknown> {
    return new Map([...this.#store.stateOf(session)].map(([key, kept]) => [key, decodeStateValue(kept)]))
  }

  /** Moves the clock, through all that is due on the way: time-outs, retries, deadlines. */
  async advance(time: number | string): Promise<void> {
    const until = this.now + milliseconds(time, 'advance')
    this.#advancing = true
    await settle()
    for (let next = this.#clock.nextTick; next !== undefined && next <= until; next = this.#clock.nextTick) {
      this.#clock.moveTo(next)
      await settle()
    }
    this.#clock.moveTo(until)
    await settle()
    this.#advancing = false
    this.#lookOn()
  }

  /** Ends the signals of handlers that still run. */
  [Symbol.dispose](): void {
    this.#running.close()
    void this.#policed.close()
  }

  /** `hops`: how many emits have led to it. */
  #send(kind: 'request' | 'notify', name: string, input: unknown, options: TestMessageOptions, hops = 0): AnswerQueue {
    const { session = 'test', signal } = options
    const route = this.#policed.routes.get(name)
    if (route === undefined) throw new AnswerError('NO_ROUTE', `${this.#service.name} has no route ${name}`)
    const message = this.#message(kind, route, input, options, hops)
    const { msgId, deadline } = message.header
    const cancel = (): void => this.#cancel(message)
    const late = deadline === 0 ? () => undefined : this.#clock.at(deadline, () => this.#late(message))
    const answers = new AnswerQueue(cancel)
    signal?.addEventListener('abort', cancel, { once: true })
    this.#store.open(session, msgId, {
      answer: answer => answers.add(answer),
      ended(outcome) {
        late()
        signal?.removeEventListener('abort', cancel)
        answers.end(outcome)
      },
    })
    if (signal?.aborted === true) cancel()
    void this.#deliver(route, message)
    return answers
  }

  #message(kind: RecordHeader['kind'], route: Route, input: unknown, options: TestMessageOptions, hops: number): StoredMessage {
    const { session = 'test', principal = '', key = '', timeout, traceparent } = options
    const value = input instanceof Uint8Array ? input : Buffer.from(input === undefined ? '' : JSON.stringify(input))
    if (value.length > this.#maxPayload) throw new AnswerError('TOO_LARGE', `${value.length} bytes: at most ${this.#maxPayload}`)
    const msgId = (this.#numbers.get(session) ?? 0) + 1
    this.#numbers.set(session, msgId)
    const ms = timeout === undefined ? (kind === 'request' ? route.timeoutMs : 0) : milliseconds(timeout, 'timeout')
    const header: RecordHeader = {
      ...{ msgId, prev: msgId - 1, kind, principal, key, route: route.name, opcode: route.opcode ?? 0 },
      codec: options.codec ?? (input === undefined ? Codec.BYTES : Codec.JSON),
      deadline: ms === 0 ? 0 : this.now + ms,
      ...{ gateway: 'test-kit', epoch: 1, incarnation: 'test-kit', resent: false, hops },
    }
    const headerText = encodeRecordHeader(header)
    return { session, bucket: bucketOf(session), header, headerText, value, traceparent, contentType: undefined }
  }

  /** In its session's order, or beside the others. */
  async #deliver(route: Route, message: StoredMessage): Promise<void> {
    const { session } = message
    if (route.order === 'none') {
      await this.#handle(message)
      return
    }
    const lane = laneOf(session, route.order === 'key' ? this.#keys.of(route, message) : undefined)
    const before = this.#lanes.get(lane)
    const handled = (async () => {
      await before
      await this.#handle(message)
    })()
    this.#lanes.set(lane, handled)
    await handled
    if (this.#lanes.get(lane) === handled) this.#lanes.delete(lane)
  }

  /** All attempts of a message. */
  async #handle(message: StoredMessage): Promise<void> {
    let errors: readonly AttemptError[] = []
    for (let number = 1; ; ) {
      const wish = await this.#attempt(message, number, errors)
      this.#lookOn()
      if (wish === undefined || !this.#store.isOpen(message.session, message.header.msgId)) return
      errors = wish.errors
      if (wish.counts) number++
      await new Promise<void>(resolve => this.#clock.at(this.now + wish.delayMs, resolve))
    }
  }

  async #attempt(message: StoredMessage, number: number, errors: readonly AttemptError[]) {
    const finished = Promise.withResolvers<unknown>()
    this.#busy++
    try {
      const wish = await this.#runner.run(message, number, errors, undefined, finished.resolve)
      if (wish === undefined) await finished.promise
      return wish
    } finally {
      this.#busy--
    }
  }

  /** Where nothing runs, time goes on to what is due next. */
  #lookOn(): void {
    if (!this.#autoAdvance) return
    void settle().then(() => {
      const { next } = this.#clock
      if (this.#advancing || this.#busy > 0 || next === undefined) return
      this.#clock.moveTo(next)
      this.#lookOn()
    })
  }

  #cancel({ session, header: { msgId } }: StoredMessage): void {
    if (!this.#store.isOpen(session, msgId)) return
    this.#running.cancel(session, msgId)
    this.#fail(session, msgId, 'cancelled', new AnswerError('CANCELLED', 'cancelled by the client'))
  }

  /** The gateway answers then, whatever becomes of the handler. */
  #late({ session, header: { msgId } }: StoredMessage): void {
    this.#fail(session, msgId, 'timedOut', new AnswerError('TIMEOUT', 'no answer by the deadline'))
  }

  #fail(session: string, msgId: number, outcome: Outcome, error: AnswerError): void {
    this.#store.fail(session, msgId, outcome, error)
    this.#lookOn()
  }

  /** Whatever is no route of its own is another service's. */
  #known(name: string): KnownRoute {
    const route = this.#policed.routes.get(name)
    const about = { name, lastSeen: this.now, service: route === undefined ? 'others' : this.#service.name, order: 'session' as const }
    return { ...about, opcode: route?.opcode, oneWay: true, timeoutMs: 0, priority: 'normal' }
  }

  #emitted({ source: session, record }: Emit): void {
    const { head, payload } = unpackEmit(record)
    const { route, topic, codec, key, principal, traceparent, deadline, hops } = head
    const to = topic === undefined ? { route } : { topic }
    this.emits.push({ ...to, key, payload: readValue(codec, payload) })
    if (!this.#policed.routes.has(route)) return
    const options = { session, codec, key, principal, ...(deadline === 0 ? {} : { timeout: Math.max(1, deadline - this.now) }) }
    this.#send('notify', route, new Uint8Array(payload), traceparent === undefined ? options : { ...options, traceparent }, hops)
  }

  #bury({ session, route, value, reason, errors }: DeadLetter): void {
    this.deadLetters.push({ session, route, payload: payloadOf(value), reason, errors })
  }
}

/** What was begun and needs no time ends. */
async function settle(): Promise<void> {
  for (let i = 0; i < SETTLING_TURNS; i++) await nextTurn()
}

function payloadOf(value: Uint8Array): unknown {
  try {
    return readValue(Codec.JSON, value)
  } catch {
    return value
  }
}
