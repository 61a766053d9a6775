import type { Waiting } from '@causeway/embedded'
import type { Ledger, Outcome } from './sessions.ts'
import type { SessionState } from './sessions-embedded-state.ts'
import type { Totals } from './sessions-embedded-totals.ts'

/** Buckets a session can have. */
const BUCKETS = 256

/** The ledger of one process: totals of what has ended and of sessions that are gone, beside the numbers of those that live. */
export class EmbeddedLedger {
  readonly #totals: Totals
  readonly #waiting: Waiting

  constructor(totals: Totals, waiting: Waiting) {
    this.#totals = totals
    this.#waiting = waiting
  }

  finished(state: SessionState, msgId: number, outcome: Outcome): void {
    state.finished++
    this.#totals.count(outcome)
    this.#waiting.leave(state.session, msgId)
  }

  inFlight(state: SessionState): number {
    const waiting = this.#waiting.of(state.session)
    return state.accepted(waiting) - state.finished - waiting
  }

  /** What was in flight counts as expired from now on; what is parked or retrying, when its turn comes. */
  sessionEnded(state: SessionState): void {
    const expired = this.inFlight(state)
    const waiting = this.#waiting.leaveAll(state.session)
    this.#totals.count('expired', expired)
    this.#totals.count('goneAccepted', state.finished + expired + waiting)
    this.#totals.count('goneWaiting', waiting)
  }

  /** A message came to its end after its session, or the incarnation of it that sent the message; what was in flight then is counted. */
  cameLate(state: SessionState | undefined, msgId: number): void {
    if (state !== undefined) {
      if (!this.#waiting.leave(state.session, msgId)) return
      state.finished++
    } else if (this.#totals.of('goneWaiting') === 0) return
    else this.#totals.count('goneWaiting', -1)
    this.#totals.count('expired')
  }

  /** The session has a new incarnation: what was in flight under the old one ends here. */
  wentBack(state: SessionState): void {
    const expired = this.inFlight(state)
    state.finished += expired
    this.#totals.count('expired', expired)
  }

  read(sessions: Iterable<SessionState>): Ledger {
    const inFlight = new Array<number>(BUCKETS).fill(0)
    let accepted = this.#totals.of('goneAccepted')
    for (const state of sessions) {
      accepted += state.accepted(this.#waiting.of(state.session))
      inFlight[state.bucket] += this.inFlight(state)
    }
    const retrying = this.#waiting.retrying + this.#totals.of('goneWaiting')
    return { accepted, ended: this.#totals.ended(), parked: this.#waiting.parked, retrying, inFlight }
  }
}
