import { type Channels, cancelChannel } from '@causeway/channels'
import { type Log, requestsTopic } from '@causeway/log'
import { Codec, encodeError, problem } from '@causeway/protocol'
import type { KnownRoute, RouteTable } from '@causeway/registry'
import type { FinishBatcher, FinishFinal, Sessions } from '@causeway/sessions'
import type { Logger, Metrics } from '@causeway/telemetry'
import type { Clock } from '../clock.ts'
import { RouteCodecs } from '../codecs/route-codecs.ts'
import type { Context } from '../context.ts'
import type { KnownRoutes } from '../known-routes.ts'
import { MAX_REQUEST_MS, REQUESTS_IN_FLIGHT, REQUESTS_WAITING_BYTES } from '../limits.ts'
import { milliseconds } from '../milliseconds.ts'
import { WorkerStops } from '../signal-reasons.ts'
import { type Asked, MSG_ID, Outgoing } from './outgoing.ts'
import { RequestError, requestFailure } from './request-error.ts'
import { RequestLink } from './request-link.ts'

/** How a handler asks another service. */
export interface RequestOptions {
  /** ms or '5s'. Default: as the route says; the deadline of the message that is handled ends it too. */
  timeout?: number | string
  /** Codec of the payload and of the answer (docs/protocol.md, section 2). Default: JSON, and none for a Uint8Array. */
  codec?: number
}

/** What `ctx.request` does. `n` counts the requests of one handling, from 1. */
export type Ask = (ctx: Context, n: number, route: string, payload: unknown, options: RequestOptions) => Promise<unknown>

export interface RequestsOptions {
  worker: string
  /** As the log calls it. */
  service: string
  log: Log
  sessions: Sessions
  channels: Pick<Channels, 'tell'>
  routes: Pick<KnownRoutes, 'table'>
  finisher: FinishBatcher
  partitions: number
  replication: number
  /** How long a route outlives its last worker, ms. */
  routeGraceMs: number
  /** Bytes. */
  maxPayload: number
  clock: Clock
  logger: Logger
}

const ANY = new RouteCodecs()
const TIMED_OUT = 'no answer by its deadline; whether it had an effect is not known'

/**
 * Requests of handlers to other services: the worker is a small gateway of its own. Each request is a session that lives for its one answer, so that what is
 * promised to clients (one visible answer, nothing lost with a process or a wake-up) holds here too. Its end comes through the finish script, which lets one of
 * answer, TIMEOUT and CANCELLED stand.
 */
export class Requests {
  readonly #options: RequestsOptions
  readonly #link: RequestLink
  /** By service, as the log calls it. */
  readonly #topics = new Map<string, Promise<unknown>>()
  /** How they ended: `answered`, or the code of the failure. */
  readonly #ended: Record<string, number> = {}
  #stopped = false

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#link = new RequestLink({ ...options, expired: outgoing => this.#expire(outgoing) })
  }

  tell(metrics: Metrics): void {
    metrics.gauge('causeway_worker_requests_in_flight', 'Requests of handlers to other services without an answer', () => this.#link.size)
    metrics.counters('causeway_worker_requests_total', 'Requests of handlers that ended', 'outcome', () => this.#ended)
  }

  /** Rejects with a RequestError, or with the reason of the handler's signal. */
  readonly ask: Ask = async (ctx, n, route, payload, options) => {
    try {
      const answer = await this.#ask(ctx, n, route, payload, options)
      this.#count('answered')
      return answer
    } catch (error) {
      this.#count(error instanceof RequestError ? error.code : 'ABORTED')
      throw error
    }
  }

  #count(outcome: string): void {
    this.#ended[outcome] = (this.#ended[outcome] ?? 0) + 1
  }

  async #ask(ctx: Context, n: number, name: string, payload: unknown, options: RequestOptions): Promise<unknown> {
    if (this.#stopped) throw new WorkerStops()
    const { signal } = ctx
    signal.throwIfAborted()
    const encoded = this.#encoded(name, payload, options.codec)
    const timeoutMs = options.timeout === undefined ? undefined : milliseconds(options.timeout, `request to ${name}: timeout`)
    this.#checkRoom(name)
    const { service: caller } = this.#options
    const outgoing = await this.#reached(name, async () => {
      const routes = await this.#options.routes.table()
      const { route, service } = this.#routeOf(routes, name, ctx.session)
      await Promise.all([this.#link.connect(), this.#topicOf(service)])
      const deadline = Math.min(this.#options.clock.now() + Math.min(timeoutMs ?? route.timeoutMs, MAX_REQUEST_MS), ctx.deadline)
      const key = `${caller}/${ctx.session}/${ctx.msgId}/r${n}`
      const from = { principal: ctx.principal, traceparent: ctx.trace, hops: ctx.hops, key }
      const to = { route: name, service, topic: requestsTopic(service), opcode: route.opcode ?? 0 }
      return new Outgoing({ ...from, ...to, ...encoded, deadline } satisfies Asked)
    })
    // others may have come meanwhile
    this.#checkRoom(name)
    signal.throwIfAborted()
    if (this.#stopped) throw new WorkerStops()
    return await this.#send(outgoing, signal)
  }

  async #send(outgoing: Outgoing, signal: AbortSignal): Promise<unknown> {
    const abort = (): void => this.#cancel(outgoing, signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    this.#link.send(outgoing)
    try {
      return await outgoing.answer
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #encoded(route: string, payload: unknown, codec: number | undefined): { payload: Uint8Array; codec: number } {
    const { maxPayload } = this.#options
    const encoded = payload === undefined ? { payload: new Uint8Array(), codec: Codec.BYTES } : ANY.encode(payload, codec ?? Codec.JSON)
    if (encoded.payload.length > maxPayload) {
      const detail = `the payload has ${encoded.payload.length} bytes: at most ${maxPayload} (CAUSEWAY_MAX_PAYLOAD)`
      throw requestFailure(route, 'TOO_LARGE', detail)
    }
    if (codec === undefined || payload instanceof Uint8Array || encoded.codec === codec)
      return { ...encoded, codec: codec ?? encoded.codec }
    throw new TypeError(
      `request to ${route}: codec ${codec}: expected ${Codec.JSON} (JSON), ${Codec.MESSAGE_PACK} (MessagePack), or a Uint8Array that is encoded`,
    )
  }

  #checkRoom(route: string): void {
    if (this.#link.size >= REQUESTS_IN_FLIGHT)
      throw requestFailure(route, 'OVERLOADED', `${REQUESTS_IN_FLIGHT} requests of this worker wait for their answers`)
    if (this.#link.waitingBytes > REQUESTS_WAITING_BYTES)
      throw requestFailure(route, 'OVERLOADED', `${REQUESTS_WAITING_BYTES} bytes of requests wait for the log`)
  }

  /** What fails here had no effect. */
  async #reached<T>(route: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof RequestError) throw error
      throw requestFailure(route, 'BACKEND_UNAVAILABLE', (error as Error).message, error)
    }
  }

  /** A caller's requests stay on one track of a service, as its session would. */
  #routeOf(routes: RouteTable, name: string, session: string): { route: KnownRoute; service: string } {
    const { clock, routeGraceMs } = this.#options
    const route = routes.byName(name)
    if (route === undefined) throw requestFailure(name, 'NO_ROUTE', `no service has registered route ${name}`)
    const service = routes.trackOf(route, session)
    if (!routes.isServed(route, clock.now(), routeGraceMs, service))
      throw requestFailure(name, 'NO_ROUTE', `no worker serves ${name} just now`)
    return { route, service }
  }

  /** Who counts other partitions than the topic has would send into nowhere. */
  #topicOf(service: string): Promise<unknown> {
    const { log, partitions, replication } = this.#options
    const known = this.#topics.get(service)
    if (known !== undefined) return known
    const checked = log.ensureTopics([{ topic: requestsTopic(service), partitions, replication }]).catch(error => {
      this.#topics.delete(service)
      throw error
    })
    this.#topics.set(service, checked)
    return checked
  }

  #expire(outgoing: Outgoing): void {
    this.#end(outgoing, 'timedOut', 'TIMEOUT', TIMED_OUT)
  }

  /** Nobody waits for the answer any more: who handles it is told, and it ends as a client's would. */
  #cancel(outgoing: Outgoing, reason: unknown): void {
    if (outgoing.settled) return
    outgoing.reject(reason)
    if (outgoing.appended) {
      const { channels, logger } = this.#options
      const { service } = outgoing.asked
      const payload = Buffer.from(JSON.stringify({ session: outgoing.id, msgId: MSG_ID }))
      channels.tell(cancelChannel(service), payload, Codec.JSON).catch(error => {
        logger.debug({ service, error: (error as Error).message }, 'workers could not be told of a cancelled request; they end it in vain')
      })
    }
    this.#end(outgoing, 'cancelled', 'CANCELLED', 'cancelled by its caller')
  }

  /** The store decides whether this end or the answer came first. */
  #end(outgoing: Outgoing, outcome: FinishFinal['outcome'], code: 'TIMEOUT' | 'CANCELLED', detail: string): void {
    const { route } = outgoing.asked
    if (!outgoing.appended) {
      if (!outgoing.settled) outgoing.reject(requestFailure(route, code, 'its deadline passed before it was sent: it had no effect'))
      this.#link.done(outgoing)
      return
    }
    if (outgoing.ending) return
    outgoing.ending = true
    const frame = encodeError(problem(code, { detail }), { msgId: MSG_ID })
    this.#options.finisher.add(outgoing.end(outcome, frame), ({ status }) => {
      if (outgoing.settled) this.#link.done(outgoing)
      else if (status === 'duplicate') void this.#link.catchUp([outgoing])
      else {
        outgoing.reject(requestFailure(route, code, detail))
        this.#link.done(outgoing)
      }
    })
  }

  /** Rejects what waits, and all that is asked for from now on: the worker stops. */
  stop(): void {
    this.#stopped = true
    for (const outgoing of this.#link.all()) this.#cancel(outgoing, new WorkerStops())
  }

  /** After the ends that stop() has given to the finisher have been written. */
  async close(timeoutMs: number): Promise<void> {
    await this.#link.close(timeoutMs)
  }
}
