import { type Appender, type LogRecord, requestsTopic } from '@causeway/log'
import {
  APPEND_BUFFER,
  type ErrorName,
  encodeRecordHeaderWith,
  type Frame,
  FrameType,
  type Problem,
  partitionOf,
  problem,
  recordHeaderTail,
} from '@causeway/protocol'
import type { KnownRoute } from '@causeway/registry'
import type { Counters } from './counters.ts'
import { APPEND_SHARE, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, NOTIFY_APPEND_MS } from './limits.ts'
import type { Overload } from './overload.ts'
import type { RouteTable } from './route-table.ts'
import type { GatewaySession, Pending } from './session.ts'

/** A record on its way to the log, and whose it is. */
export interface GatewayRecord extends LogRecord {
  session: GatewaySession
  pending: Pending
}

export interface AdmissionOptions {
  gateway: string
  partitions: number
  routeGraceMs: number
  routes: RouteTable
  appender: () => Appender<GatewayRecord>
  /** What keeps new work out, if anything does. */
  closed: () => 'OVERLOADED' | 'BACKEND_UNAVAILABLE' | 'GOING_AWAY' | undefined
  overload: Overload
  counters: Counters
}

/** When a message came: as the clocks stand now, and for one that was held, when it was read. */
export interface Arrival {
  /** Unix ms. */
  now: number
  /** Monotonic ms. */
  at: number
  /** Unix ms; its time-out runs from here. */
  receivedAt: number
}

/** What all messages of a session to a route share. */
interface Course {
  service: string
  topic: string
  partition: number
  headerTail: string
}

/** Wait that a client refused with OVERLOADED or BACKEND_UNAVAILABLE is asked for, ms. */
const RETRY_AFTER_MS = 1_000

/** Step 2 of a message's way: here it is refused, with nothing stored, or becomes a record of the log. */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #courses = new WeakMap<GatewaySession, Map<string, Course>>()
  /** The last one taken: what is read at a time is mostly one session's, to one route. */
  #last: { session: GatewaySession; route: KnownRoute; course: Course } | undefined

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** Admits or refuses a message whose number was not seen before; the caller has looked at the window, and at the clocks. */
  admit(session: GatewaySession, frame: Frame, arrival: Arrival): void {
    session.lastMsgId = frame.msgId
    const route = this.#routeOf(frame)
    const refusal = this.#refusal(session, route, frame, arrival.now)
    if (refusal === undefined) this.#append(session, frame, route!, arrival)
    else this.refuse(session, frame.msgId, refusal)
  }

  /** Whether it would be admitted just now. */
  admits(session: GatewaySession, frame: Frame, now: number): boolean {
    return this.#refusal(session, this.#routeOf(frame), frame, now) === undefined
  }

  #routeOf({ metadata, opcode }: Frame): KnownRoute | undefined {
    const { routes } = this.#options
    return metadata?.route === undefined ? routes.byOpcode(opcode) : routes.byName(metadata.route)
  }

  refuse(session: GatewaySession, msgId: number, refusal: Problem): void {
    this.#options.counters.refuse(refusal.code)
    session.owner?.refuse(msgId, refusal)
  }

  #refusal(session: GatewaySession, route: KnownRoute | undefined, frame: Frame, now: number): Problem | undefined {
    const { routes, routeGraceMs, closed, appender, overload } = this.#options
    if (route === undefined) return problem('NO_ROUTE', { detail: `no service has registered ${calledBy(frame)}` })
    // it may be in the log already: what can't be ruled out is admitted once more, and finished once
    if (frame.msgId <= session.maybeStoredUpTo) return undefined
    if (!routes.isServed(route, now, routeGraceMs)) return problem('NO_ROUTE', { detail: `no worker serves ${route.name} just now` })
    const reason: ErrorName | undefined = appender().waitingBytes > APPEND_BUFFER * APPEND_SHARE[route.priority] ? 'OVERLOADED' : closed()
    if (reason !== undefined) return problem(reason, { retryAfterMs: RETRY_AFTER_MS })
    const retryAfterMs = overload.refusal(route, timeoutOf(frame, route) ?? DEFAULT_TIMEOUT_MS, now)
    return retryAfterMs === undefined ? undefined : problem('OVERLOADED', { retryAfterMs: Math.max(RETRY_AFTER_MS, retryAfterMs) })
  }

  #append(session: GatewaySession, frame: Frame, route: KnownRoute, { now, at, receivedAt }: Arrival): void {
    const { metadata } = frame
    const request = frame.type === FrameType.REQUEST
    const timeout = timeoutOf(frame, route)
    const deadline = timeout === undefined ? 0 : receivedAt + Math.min(timeout, MAX_TIMEOUT_MS)
    const pending: Pending = {
      msgId: frame.msgId,
      prev: session.lastAdmitted,
      service: route.service,
      request,
      bytes: frame.payload.length,
      deadline: deadline === 0 ? Number.POSITIVE_INFINITY : deadline,
      admittedAt: at,
      stored: false,
      ending: false,
    }
    const kind = request ? 'request' : 'notify'
    const { topic, partition, headerTail } = this.#course(session, route)
    const header = encodeRecordHeaderWith(
      headerTail,
      frame.msgId,
      pending.prev,
      kind,
      frame.codec,
      frame.opcode,
      deadline,
      metadata?.idempotencyKey ?? '',
    )
    session.admit(pending)
    this.#options.counters.accepted++
    this.#options.appender().append({
      topic,
      partition,
      key: session.id,
      value: frame.payload,
      header,
      traceparent: metadata?.traceparent,
      contentType: metadata?.contentType,
      deadline: deadline === 0 ? now + NOTIFY_APPEND_MS : deadline,
      resent: false,
      session,
      pending,
    })
  }

  #course(session: GatewaySession, route: KnownRoute): Course {
    const last = this.#last
    if (last?.session === session && last.route === route) return last.course
    let courses = this.#courses.get(session)
    if (courses === undefined) {
      courses = new Map()
      this.#courses.set(session, courses)
    }
    let course = courses.get(route.name)
    if (course?.service !== route.service) {
      const { epoch, incarnation, principal } = session
      course = {
        service: route.service,
        topic: requestsTopic(route.service),
        partition: partitionOf(session.bucket, this.#options.partitions),
        headerTail: recordHeaderTail({ route: route.name, gateway: this.#options.gateway, epoch, incarnation, principal }),
      }
      courses.set(route.name, course)
    }
    this.#last = { session, route, course }
    return course
  }
}

/** ms; undefined for a notification that brings none. */
const timeoutOf = ({ type, metadata }: Frame, route: KnownRoute): number | undefined =>
  metadata?.timeout ?? (type === FrameType.REQUEST ? route.timeoutMs || DEFAULT_TIMEOUT_MS : undefined)

const calledBy = (frame: Frame): string =>
  frame.metadata?.route === undefined ? `opcode ${frame.opcode}` : `route ${frame.metadata.route}`
