import { type Clock, machineClock } from './clock.ts'
import type { Context } from './context.ts'
import type { AttemptOutcome } from './execution.ts'
import { CANCELLED_KEPT, DEADLINE_TICK_MS } from './limits.ts'
import { Cancelled, TimedOut, WorkerStops } from './signal-reasons.ts'

/** A handler, or the stream it answered, on its way. */
export interface Watched {
  readonly context: Context
  /** Unix ms; may be moved. */
  deadline: number
  /** How long it may take once it has its place, ms. */
  readonly spanMs: number
  /** Told, once its signal is aborted, that its time is over; not where the worker stops. */
  readonly expired: (error: Error) => void
}

/** Handlers and streams that are running, looked at by one clock: past its deadline one's signal is aborted and its result dropped. */
export class Running {
  readonly #entries = new Set<Watched>()
  /** Cancelled before they began, or at another worker. */
  readonly #cancelled = new Set<string>()
  readonly #clock: Clock
  #ticking: { close(): void } | undefined
  /** Results that came after their time. */
  late = 0
  #closed = false

  constructor(clock: Clock = machineClock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#entries.size
  }

  begin(context: Context, deadline: number, expired: (error: Error) => void): Watched {
    if (!this.#closed) this.#ticking ??= this.#clock.every(DEADLINE_TICK_MS, () => this.#look(this.#clock.now()))
    const entry: Watched = { context, deadline, spanMs: deadline - this.#clock.now(), expired }
    this.#entries.add(entry)
    if (this.#closed) context.abort(new WorkerStops())
    return entry
  }

  /** False where its time was over before. */
  end(entry: Watched): boolean {
    return this.#entries.delete(entry)
  }

  /** Nobody wants the answer any more: the handler's signal is aborted, and its message ends as cancelled; one that has not begun is not to. */
  cancel(session: string, msgId: number): void {
    for (const entry of this.#entries) {
      const { context } = entry
      if (context.msgId !== msgId || context.session !== session) continue
      this.#over(entry, new Cancelled())
      return
    }
    if (this.#cancelled.size >= CANCELLED_KEPT) this.#cancelled.delete(this.#cancelled.values().next().value!)
    this.#cancelled.add(keyOf(session, msgId))
  }

  /** Whether a message that is about to begin was cancelled; told once. */
  takeCancelled(session: string, msgId: number): boolean {
    return this.#cancelled.size > 0 && this.#cancelled.delete(keyOf(session, msgId))
  }

  /** The outcome of a handler, or a failure at its deadline. */
  watch(context: Context, deadline: number, outcome: Promise<AttemptOutcome>): Promise<AttemptOutcome> {
    return new Promise(resolve => {
      const entry = this.begin(context, deadline, error =>
        resolve(error instanceof Cancelled ? { kind: 'cancelled' } : { kind: 'failed', error, delayMs: undefined }),
      )
      void outcome.then(given => {
        if (this.end(entry)) resolve(given)
        else this.#tooLate(given)
      })
    })
  }

  /** A stream that nobody reads is told so: what it holds gets free. */
  #tooLate(given: AttemptOutcome): void {
    this.late++
    if (given.kind === 'stream') leave(given.values)
  }

  #look(now: number): void {
    for (const entry of this.#entries) {
      if (entry.context.waiting) entry.deadline = Math.min(entry.context.deadline, now + entry.spanMs)
      if (entry.deadline <= now) this.#over(entry, new TimedOut())
    }
  }

  #over(entry: Watched, error: Error): void {
    this.#entries.delete(entry)
    entry.context.abort(error)
    entry.expired(error)
  }

  /** Aborts all signals, those of handlers still to begin too: the worker stops. */
  close(): void {
    this.#closed = true
    this.#ticking?.close()
    for (const entry of this.#entries) entry.context.abort(new WorkerStops())
  }
}

function leave(values: AsyncIterable<unknown>): void {
  Promise.resolve()
    .then(() => values[Symbol.asyncIterator]().return?.())
    .catch(() => undefined)
}

const keyOf = (session: string, msgId: number): string => `${session} ${msgId}`
