import { CLOCK_LOOKS, SIGHTINGS } from './limits.ts'
import { MOMENTS, type Moment, type Sightings } from './moments.ts'

/** The time by the machine's monotonic clock, which its processes share, ms. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** What that clock shows beyond performance.now(), ms: of several looks at both the one between which least time passed. */
function clockOffset(): number {
  let [offset, least] = [0, Number.POSITIVE_INFINITY]
  for (let look = 0; look < CLOCK_LOOKS; look++) {
    const before = performance.now()
    const at = now()
    const after = performance.now()
    if (after - before >= least) continue
    least = after - before
    offset = at - (before + after) / 2
  }
  return offset
}

/** Keeps when messages pass: of each session's one of `every`, and while it is told to. */
export class Recorder {
  /** 0 while nothing is kept. */
  #every = 0
  #moments = new Uint8Array(0)
  #sessions = new Uint32Array(0)
  #msgIds = new Uint32Array(0)
  #times = new Float64Array(0)
  #names = new Map<string, number>()
  #count = 0
  #roundTrips = 0
  #roundTripsMs = 0
  /** When it began, by performance.now(). */
  begunAt = 0
  /** To the machine's clock from performance.now(), ms. */
  offset = 0

  /** Forgets what it has, and keeps what comes. */
  begin(every: number): void {
    this.#every = every
    this.#count = 0
    this.#roundTrips = 0
    this.#roundTripsMs = 0
    this.offset = clockOffset()
    this.begunAt = performance.now()
    this.#names = new Map()
    this.#moments = new Uint8Array(SIGHTINGS)
    this.#sessions = new Uint32Array(SIGHTINGS)
    this.#msgIds = new Uint32Array(SIGHTINGS)
    this.#times = new Float64Array(SIGHTINGS)
  }

  get isOn(): boolean {
    return this.#every !== 0
  }

  /** Each session begins to count elsewhere: many go in step, and would all be looked at in the same moments. Of pushes, whose number is 0, nothing is kept. */
  wants(session: string, msgId: number): boolean {
    if (this.#every === 0 || msgId === 0) return false
    return (msgId + session.charCodeAt(1) + 8 * session.charCodeAt(2)) % this.#every === 0
  }

  /** For a message that is wanted. */
  saw(moment: Moment, session: string, msgId: number, at: number): void {
    const index = this.#count++
    if (index >= SIGHTINGS) return
    let name = this.#names.get(session)
    if (name === undefined) {
      name = this.#names.size
      this.#names.set(session, name)
    }
    this.#moments[index] = MOMENTS.indexOf(moment)
    this.#sessions[index] = name
    this.#msgIds[index] = msgId
    this.#times[index] = at
  }

  /** A round trip has ended, of whatever message. */
  passed(tookMs: number): void {
    this.#roundTrips++
    this.#roundTripsMs += tookMs
  }

  /** Ends it, with what was kept. */
  end(): Sightings {
    this.#every = 0
    const count = Math.min(this.#count, SIGHTINGS)
    return {
      moments: this.#moments.slice(0, count),
      sessions: this.#sessions.slice(0, count),
      msgIds: this.#msgIds.slice(0, count),
      times: this.#times.slice(0, count),
      names: [...this.#names.keys()],
      roundTrips: this.#roundTrips,
      roundTripsMs: this.#roundTripsMs,
      dropped: this.#count - count,
    }
  }
}

/** Of this process. */
export const recorder = new Recorder()
