import type { Log } from '@causeway/log'
import { decodeRecordHeader, type ErrorName, encodeError, encodeFrame, FrameType, problem } from '@causeway/protocol'
import { type Picture, RouteTable } from '@causeway/registry'
import {
  type CatchUpQuery,
  FinishBatcher,
  type FinishEntry,
  type FinishResult,
  type OpenSession,
  type RenewEntry,
  type RenewStatus,
  type Sessions,
  type WakeHandlers,
} from '@causeway/sessions'
import { silentLogger } from '@causeway/telemetry'
import { until } from '@causeway/testing'
import type { Clock } from '../clock.ts'
import { Context } from '../context.ts'
import { messageOf, reachOf } from '../messages.fixture.ts'
import { FakeLog } from '../stores.fixture.ts'
import { Requests, type RequestsOptions } from './requests.ts'

/** The half of the sessions port that a worker's requests use, in memory. Wake-ups come when the test sends them. */
export class RequestStore {
  readonly opened: OpenSession[][] = []
  readonly ended: string[] = []
  readonly renewed: RenewEntry[] = []
  readonly finals: FinishEntry[] = []
  /** Finished messages' deliveries by session. */
  readonly outboxes = new Map<string, Uint8Array>()
  handlers: WakeHandlers | undefined
  opening: Promise<void> = Promise.resolve()
  renewStatus: RenewStatus = 'ok'

  get port(): Sessions {
    return this as unknown as Sessions
  }

  async open(sessions: readonly OpenSession[]): Promise<void> {
    this.opened.push([...sessions])
    await this.opening
  }

  async listen(_gateway: string, handlers: WakeHandlers) {
    this.handlers = handlers
    return { close: async () => undefined }
  }

  async finish(entries: readonly FinishEntry[]): Promise<FinishResult[]> {
    return entries.map(entry => {
      this.finals.push(entry)
      if (this.outboxes.has(entry.session)) return { status: 'duplicate' }
      this.outboxes.set(entry.session, entry.frame!)
      return { status: 'done' }
    })
  }

  async catchUp(queries: readonly CatchUpQuery[]) {
    return queries
      .filter(({ session }) => this.outboxes.has(session))
      .map(({ session }) => ({ session, found: true, doneMark: 1, deliveries: [{ seq: 1, frame: this.outboxes.get(session)! }] }))
  }

  async renew(entries: readonly RenewEntry[]): Promise<RenewStatus[]> {
    this.renewed.push(...entries)
    return entries.map(() => this.renewStatus)
  }

  async end(session: string): Promise<void> {
    this.ended.push(session)
  }

  /** As the worker that handles it would; with `wake` the asking one hears of it. */
  answer(session: string, frame: Uint8Array, wake = true): void {
    this.outboxes.set(session, frame)
    if (wake) this.handlers!.deliver(session, 1, frame)
  }
}

export const responseOf = (value: unknown): Uint8Array =>
  encodeFrame({ type: FrameType.RESPONSE, codec: 1, msgId: 1, payload: JSON.stringify(value) })
export const errorOf = (code: ErrorName, detail: string): Uint8Array => encodeError(problem(code, { detail }), { msgId: 1 })

/** A clock that the test moves. */
class HandClock implements Clock {
  #now = 1_000_000
  readonly #calls = new Set<() => void>()

  now(): number {
    return this.#now
  }

  every(_ms: number, call: () => void) {
    this.#calls.add(call)
    return { close: () => void this.#calls.delete(call) }
  }

  advance(ms: number): void {
    this.#now += ms
    for (const call of this.#calls) call()
  }
}

const pictureOf = (live: boolean, lastSeen: number): Picture => {
  const spec = { name: 'stock.take', opcode: undefined, oneWay: false, timeoutMs: 5_000, order: 'session', priority: 'normal' } as const
  const worker = { kind: 'worker', id: 'w', host: 'h', startedAt: 0, stats: {}, service: 'stock', version: '1', routes: [spec] } as const
  const routes = new Map([[spec.name, { ...spec, service: 'stock', lastSeen }]])
  return { gateways: [], workers: live ? [{ ...worker, routes: [spec] }] : [], routes, events: [], stale: false }
}

/** A worker's requests, and what stands around them. */
export class RequestBench {
  readonly store = new RequestStore()
  readonly log = new FakeLog()
  readonly clock = new HandClock()
  readonly cancelled: string[] = []
  readonly table = new RouteTable()
  /** Why topics are not as expected. */
  topicFault: Error | undefined
  readonly requests: Requests

  constructor(changes: Partial<RequestsOptions> = {}) {
    this.table.follow(pictureOf(true, this.clock.now()))
    const log = Object.assign(this.log, {
      ensureTopics: async () => {
        if (this.topicFault !== undefined) throw this.topicFault
      },
    }) as unknown as Log
    this.requests = new Requests({
      ...{ worker: 'wk-1', service: 'orders', log, partitions: 4, replication: 1, routeGraceMs: 60_000, maxPayload: 1_000 },
      sessions: this.store.port,
      channels: { tell: async (channel, payload) => void this.cancelled.push(`${channel} ${Buffer.from(payload)}`) },
      routes: { table: async () => this.table },
      finisher: new FinishBatcher(this.store.port, silentLogger),
      clock: this.clock,
      logger: silentLogger,
      ...changes,
    })
  }

  /** The route's last worker went so long ago. */
  lose(msAgo: number): void {
    this.table.follow(pictureOf(false, this.clock.now() - msAgo))
  }

  /** Of a handler whose message may have a deadline. */
  context(deadline = Number.POSITIVE_INFINITY): Context {
    const message = messageOf({ session: 'caller', msgId: 7, principal: 'ann', traceparent: '00-aa-bb-01', hops: 3 })
    return new Context(reachOf(this.requests.ask), message, undefined, 1, deadline)
  }

  get sessions(): string[] {
    return this.store.opened.flat().map(({ session }) => session)
  }

  /** Waits until so many are in the log; the headers of all. */
  async sent(count = 1) {
    await until(() => this.log.appended.length >= count, { what: `${count} records` })
    return this.log.appended.map(record => ({ ...record, header: decodeRecordHeader(record.header) }))
  }
}
