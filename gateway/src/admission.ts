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
import type { KnownRoute, RouteTable } from '@causeway/registry'
import type { Counters } from './counters.ts'
import { APPEND_SHARE, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, NOTIFY_APPEND_MS } from './limits.ts'
import type { Overload } from './overload.ts'
import type { PrincipalRates } from './principal-rates.ts'
import type { GatewaySession, Pending } from './session.ts'
import type { TrackChoice } from './track-choice.ts'

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
  rates: PrincipalRates
  tracks: TrackChoice
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
  /** Its track, as the log calls it. */
  service: string
  topic: string
  partition: number
  headerTail: string
  /** Of the route table, when the track was chosen. */
  version: number
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

  /** Whether it has to wait for messages of its session that are under way elsewhere; its owner is told when it may go on. */
  waits(session: GatewaySession, frame: Frame): boolean {
    if (session.unsettledUpTo === 0 && session.tracks === undefined) return false
    const route = this.#routeOf(frame)
    return route !== undefined && this.#options.tracks.waits(session, route)
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
    const { routes, routeGraceMs, closed, appender, overload, rates } = this.#options
    if (route === undefined) return problem('NO_ROUTE', { detail: `no service has registered ${calledBy(frame)}` })
    // it may be in the log already: what can't be ruled out is admitted once more, and finished once
    if (frame.msgId <= session.maybeStoredUpTo) return undefined
    const service = route.tracks === undefined ? route.service : this.#course(session, route).service
    if (!routes.isServed(route, now, routeGraceMs, service))
      return problem('NO_ROUTE', { detail: `no worker serves ${route.name} just now` })
    const reason: ErrorName | undefined = appender().waitingBytes > APPEND_BUFFER * APPEND_SHARE[route.priority] ? 'OVERLOADED' : closed()
    if (reason !== undefined) return problem(reason, { retryAfterMs: RETRY_AFTER_MS })
    const tooOften = rates.wait(ratedAs(session), now)
    if (tooOften !== undefined) return problem('RATE_LIMITED', { retryAfterMs: tooOften })
    const retryAfterMs = overload.refusal(service, route.priority, timeoutOf(frame, route) ?? DEFAULT_TIMEOUT_MS, now)
    return retryAfterMs === undefined ? undefined : problem('OVERLOADED', { retryAfterMs: Math.max(RETRY_AFTER_MS, retryAfterMs) })
  }

  #append(session: GatewaySession, frame: Frame, route: KnownRoute, { now, at, receivedAt }: Arrival): void {
    const { metadata } = frame
    const request = frame.type === FrameType.REQUEST
    const timeout = timeoutOf(frame, route)
    const deadline = timeout === undefined ? 0 : receivedAt + Math.min(timeout, MAX_TIMEOUT_MS)
    const { service, topic, partition, headerTail } = this.#course(session, route)
    const pending: Pending = {
      msgId: frame.msgId,
      prev: session.lastAdmitted,
      service,
      request,
      bytes: frame.payload.length,
      deadline: deadline === 0 ? Number.POSITIVE_INFINITY : deadline,
      admittedAt: at,
      stored: false,
      ending: false,
    }
    const kind = request ? 'request' : 'notify'
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
    this.#options.rates.take(ratedAs(session), now)
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
    const { routes, tracks, partitions, gateway } = this.#options
    const { version } = routes
    if (last?.session === session && last.route === route && last.course.version === version) return last.course
    let courses = this.#courses.get(session)
    if (courses === undefined) {
      courses = new Map()
      this.#courses.set(session, courses)
    }
    let course = courses.get(route.name)
    const service = course?.version === version ? course.service : tracks.of(session, route)
    if (course?.service !== service) {
      const { epoch, incarnation, principal } = session
      course = {
        service,
        topic: requestsTopic(service),
        partition: partitionOf(session.bucket, partitions),
        headerTail: recordHeaderTail({ route: route.name, gateway, epoch, incarnation, principal }),
        version,
      }
      courses.set(route.name, course)
    }
    tracks.take(session, route, service)
    // a track that is left only when nothing is under way there is looked at again
    course.version = route.tracks === undefined || service === routes.trackOf(route, session.id) ? version : -1
    this.#last = { session, route, course }
    return course
  }
}

/** ms; undefined for a notification that brings none. */
const timeoutOf = ({ type, metadata }: Frame, route: KnownRoute): number | undefined =>
  metadata?.timeout ?? (type === FrameType.REQUEST ? route.timeoutMs || DEFAULT_TIMEOUT_MS : undefined)

/** Where clients need no token each session is by itself. */
const ratedAs = ({ principal, id }: GatewaySession): string => principal || id

const calledBy = (frame: Frame): string =>
  frame.metadata?.route === undefined ? `opcode ${frame.opcode}` : `route ${frame.metadata.route}`
