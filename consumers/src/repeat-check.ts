import type { Mark, Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { retrying } from './backend-retry.ts'
import type { Counters } from './counters.ts'
import type { Lane, LaneMessage } from './lane.ts'

/** Holds what may have been handled before against the stored marks, and drops what is finished. */
export class RepeatCheck {
  readonly #sessions: Sessions
  readonly #counters: Counters
  readonly #logger: Logger

  constructor(sessions: Sessions, counters: Counters, logger: Logger) {
    this.#sessions = sessions
    this.#counters = counters
    this.#logger = logger
  }

  /** Asks about the lane's next messages once nothing of it is in the air, so that the answer holds; then calls `advance`. */
  run(lane: Lane, advance: () => void): void {
    if (lane.unfinished > 0) {
      lane.settled = () => {
        lane.settled = undefined
        this.run(lane, advance)
      }
      return
    }
    // not beyond the first that runs without asking: what stands behind it may be its repeat
    const until = lane.queue.findIndex((each, index) => index >= lane.first && !each.check)
    const asked = lane.queue.slice(lane.first, until < 0 ? undefined : until)
    void this.#marks(asked).then(marks => {
      this.#dropFinished(lane, asked, marks)
      advance()
    })
  }

  /** Where the store refuses the question nothing is known to be finished: a message is handled again rather than lost, and answered once all the same. */
  async #marks(asked: readonly LaneMessage[]): Promise<readonly Mark[]> {
    const queries = asked.map(({ message: { session, bucket, header } }) => ({
      ...{ session, bucket, incarnation: header.incarnation, msgId: header.msgId },
    }))
    try {
      return await retrying('reading marks', this.#logger, () => this.#sessions.marks(queries))
    } catch (error) {
      this.#counters.refusedCalls++
      this.#logger.error(
        { error: (error as Error).message, messages: asked.length },
        'the marks can not be read; repeats may be handled again',
      )
      return []
    }
  }

  #dropFinished(lane: Lane, asked: readonly LaneMessage[], marks: readonly Mark[]): void {
    const dropped = new Set<LaneMessage>()
    const seen = new Set<string>()
    asked.forEach((each, index) => {
      each.check = false
      const { incarnation, msgId } = each.message.header
      const key = `${incarnation} ${msgId}`
      if (marks[index] === 'finished' || seen.has(key)) dropped.add(each)
      seen.add(key)
      if (marks[index] === 'fresh') (lane.origin ?? lane).checking = false
    })
    if (dropped.size === 0) return
    this.#counters.duplicates += dropped.size
    for (const each of dropped) each.entry.complete = true
    lane.putBack(lane.takeAll().filter(each => !dropped.has(each)))
  }
}
