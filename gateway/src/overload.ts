import type { Priority } from '@causeway/registry'
import type { ServiceLoad } from '@causeway/sessions'
import { OVERLOAD_REPORTS, OVERLOAD_TICK_MS, OVERLOAD_TICKS, QUEUE_LIMIT_MS } from './limits.ts'

/** Share of a message's time that it may wait for a worker: beyond, it would mostly be handled for nobody. */
const SHARE: Record<Priority, number> = { critical: 0.9, normal: 0.5, background: 0.125 }
/** Of what is finished, what is let in while too much waits: less, so that the queue shrinks. */
const ADMITTED = 0.9

/** One service as this gateway sees it. */
class ServiceFlow {
  /** Least queue time told, by tick; the newest last. */
  readonly #queues: number[] = []
  readonly #finished: number[] = []
  readonly #roundTrips: number[] = []
  #tick = 0
  #admitted = 0
  /** What `queueMs` was last, until one of the others changes. */
  #known: number | undefined

  turn(tick: number): void {
    if (tick === this.#tick) return
    const passed = Math.min(tick - this.#tick, OVERLOAD_TICKS)
    this.#tick = tick
    for (let i = 0; i < passed; i++) {
      this.#queues.push(Number.NaN)
      this.#finished.push(0)
      this.#roundTrips.push(Number.POSITIVE_INFINITY)
    }
    this.#queues.splice(0, this.#queues.length - OVERLOAD_TICKS)
    this.#finished.splice(0, this.#finished.length - OVERLOAD_TICKS)
    this.#roundTrips.splice(0, this.#roundTrips.length - OVERLOAD_TICKS)
    this.#admitted = 0
    this.#known = undefined
  }

  told(queueMs: number): void {
    const last = this.#queues.length - 1
    if (this.#queues[last] <= queueMs) return
    this.#queues[last] = queueMs
    this.#known = undefined
  }

  ended(roundTripMs: number): void {
    const last = this.#finished.length - 1
    this.#finished[last]++
    if (!(roundTripMs < this.#roundTrips[last])) return
    this.#roundTrips[last] = roundTripMs
    this.#known = undefined
  }

  /** ms that each message waited at least, for as long as is looked back; 0 where that is not known. */
  get queueMs(): number {
    this.#known ??= this.#queueMs()
    return this.#known
  }

  #queueMs(): number {
    const told = this.#queues.filter(queue => !Number.isNaN(queue))
    if (told.length < OVERLOAD_REPORTS) return 0
    // the worker's clock may differ from ours: nothing waited longer than its whole round trip took here
    const roundTrip = Math.min(...this.#roundTrips)
    return roundTrip === Number.POSITIVE_INFINITY ? 0 : Math.min(...told, roundTrip)
  }

  /** Takes a place in this tick, if there is one. */
  take(): boolean {
    const finished = this.#finished.reduce((sum, each) => sum + each, 0) / OVERLOAD_TICKS
    if (this.#admitted >= finished * ADMITTED) return false
    this.#admitted++
    return true
  }
}

/**
 * Refuses early what would wait in vain. Workers tell how long messages of their service waited; where that is, for half a second, more than a message can
 * spare of its time, no more are let in than are finished, background ones first to be refused and critical ones last.
 */
export class Overload {
  readonly #services = new Map<string, ServiceFlow>()

  told({ service, queueMs }: ServiceLoad, now: number): void {
    this.#flow(service, now).told(queueMs)
  }

  ended(service: string, roundTripMs: number, now: number): void {
    this.#flow(service, now).ended(roundTripMs)
  }

  /** ms after which to ask again; undefined where the message is let in. `timeoutMs` is the message's own. */
  refusal(service: string, priority: Priority, timeoutMs: number, now: number): number | undefined {
    const flow = this.#services.get(service)
    if (flow === undefined) return undefined
    flow.turn(Math.floor(now / OVERLOAD_TICK_MS))
    const { queueMs } = flow
    if (queueMs <= Math.min(timeoutMs * SHARE[priority], QUEUE_LIMIT_MS[priority]) || flow.take()) return undefined
    return Math.round(queueMs)
  }

  #flow(service: string, now: number): ServiceFlow {
    let flow = this.#services.get(service)
    if (flow === undefined) {
      flow = new ServiceFlow()
      this.#services.set(service, flow)
    }
    flow.turn(Math.floor(now / OVERLOAD_TICK_MS))
    return flow
  }
}
