import type { ReplayOutcome } from '@causeway/retries'
import type { FinishResult, Outcome } from '@causeway/sessions'
import { Durations, Rate } from '@causeway/telemetry'

/** What this worker counts, in plain numbers: read when somebody asks. */
export class Counters {
  readonly handled = new Rate()
  /** Time in handlers, ms; one message in sixteen. */
  readonly handling = new Durations()
  readonly outcomes: Partial<Record<Outcome, number>> = {}
  /** Replays of dead letters ended by this worker. */
  readonly replays: Partial<Record<ReplayOutcome, number>> = {}
  inFlight = 0
  retried = 0
  parked = 0
  dead = 0
  /** Repeats found in the log and dropped. */
  duplicates = 0
  /** Records of an older epoch, dropped by the reader's fence. */
  fenced = 0
  /** Results that came after their message had ended otherwise. */
  late = 0
  /** Results for sessions that had ended. */
  expired = 0
  unreadable = 0
  /** Messages left to the worker that holds their partition by now. */
  left = 0
  /** Partitions taken over that their former owner had not given up in time. */
  handoversLate = 0
  /** Dead letters whose copy on the -dlt topic Kafka did not confirm. */
  deadLettersUnlogged = 0

  /** Finishes whose state had been changed by another. */
  conflicts = 0
  /** Finishes refused because the outbox of emits was full. */
  emitsFull = 0
  /** Emits that the log has confirmed, repeats included. */
  emitsRelayed = 0
  /** Emits refused because too many had led to them. */
  emitLoops = 0
  /** Emits that the log will never take. */
  emitsRefused = 0

  /** Calls given up because a store refused them ten times. */
  refusedCalls = 0

  finished(outcome: Outcome, result: FinishResult): void {
    if (result.status === 'done') this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1
    else if (result.status === 'expired') this.expired++
    else if (result.status === 'duplicate') this.late++
  }
}
