import type { Context } from './context.ts'
import type { AttemptOutcome } from './execution.ts'
import { DEADLINE_TICK_MS } from './limits.ts'

interface Entry {
  context: Context
  deadline: number
  give: (outcome: AttemptOutcome) => void
}

/** Handlers that are running, looked at by one clock: past its deadline a handler's signal is aborted and its result dropped. */
export class Running {
  readonly #entries = new Set<Entry>()
  #timer: NodeJS.Timeout | undefined
  /** Results that came after their time. */
  late = 0

  get size(): number {
    return this.#entries.size
  }

  watch(context: Context, deadline: number, outcome: Promise<AttemptOutcome>): Promise<AttemptOutcome> {
    this.#timer ??= setInterval(() => this.#look(Date.now()), DEADLINE_TICK_MS)
    return new Promise(resolve => {
      const entry: Entry = { context, deadline, give: resolve }
      this.#entries.add(entry)
      void outcome.then(given => {
        if (this.#entries.delete(entry)) resolve(given)
        else this.late++
      })
    })
  }

  #look(now: number): void {
    for (const entry of this.#entries) {
      if (entry.deadline > now) continue
      this.#entries.delete(entry)
      const error = new Error(`the handler took longer than its time-out`)
      entry.context.abort(error)
      entry.give({ kind: 'failed', error, delayMs: undefined })
    }
  }

  /** Aborts all signals: the worker stops. */
  close(): void {
    clearInterval(this.#timer)
    for (const entry of this.#entries) entry.context.abort(new Error('the worker stops'))
  }
}
