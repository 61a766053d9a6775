import type { LateSession } from '@causeway/registry'
import type { Lane } from './lane.ts'
import { LATE_LOOK_MS } from './limits.ts'

export interface LateSessionsOptions {
  /** In a handler of another worker. */
  elsewhere: readonly LateSession[]
  /** In a handler of an earlier assignment of this worker. */
  here: readonly string[]
  /** The sessions of these partitions that are late elsewhere by now; undefined where nobody can be asked. */
  look: (partitions: readonly number[]) => Promise<readonly LateSession[] | undefined>
  /** Its session is not late any more. */
  go: (lane: Lane) => void
}

/**
 * The sessions of one assignment that a former one still has in a handler. Their lanes wait, with all that comes in order, until that handler has ended
 * or its worker has: one question for all that wait, every LATE_LOOK_MS. All other lanes go on.
 */
export class LateSessions {
  readonly #options: LateSessionsOptions
  /** Session to partition. */
  readonly #elsewhere: Map<string, number>
  readonly #here: Set<string>
  readonly #waiting = new Map<string, Lane>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: LateSessionsOptions) {
    this.#options = options
    this.#elsewhere = new Map(options.elsewhere.map(({ session, partition }) => [session, partition]))
    this.#here = new Set(options.here)
  }

  has(session: string): boolean {
    return this.#elsewhere.has(session) || this.#here.has(session)
  }

  /** Lanes that wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  wait(lane: Lane): void {
    if (this.#closed) return
    this.#waiting.set(lane.session, lane)
    if (this.#elsewhere.has(lane.session)) this.#lookSoon()
  }

  /** What this worker had of the session in a handler has ended. */
  endedHere(session: string): void {
    this.#here.delete(session)
    this.#goOn(session)
  }

  #goOn(session: string): void {
    const lane = this.#waiting.get(session)
    if (lane === undefined || this.has(session)) return
    this.#waiting.delete(session)
    this.#options.go(lane)
  }

  #lookSoon(): void {
    if (this.#timer !== undefined) return
    const asked = this.#waitedFor()
    if (asked.size > 0) this.#timer = setTimeout(() => void this.#look(), LATE_LOOK_MS)
  }

  /** Partitions in which a lane waits for another worker. */
  #waitedFor(): Set<number> {
    const partitions = new Set<number>()
    for (const session of this.#waiting.keys()) {
      const partition = this.#elsewhere.get(session)
      if (partition !== undefined) partitions.add(partition)
    }
    return partitions
  }

  async #look(): Promise<void> {
    const asked = this.#waitedFor()
    const late = await this.#options.look([...asked])
    this.#timer = undefined
    if (this.#closed) return
    if (late !== undefined) this.#keep(asked, new Set(late.map(({ session }) => session)))
    this.#lookSoon()
  }

  /** Those in `late` remain, of the partitions that were asked for. */
  #keep(asked: ReadonlySet<number>, late: ReadonlySet<string>): void {
    for (const [session, partition] of this.#elsewhere) {
      if (!asked.has(partition) || late.has(session)) continue
      this.#elsewhere.delete(session)
      this.#goOn(session)
    }
  }

  /** Its assignment has ended: nothing is told any more. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#waiting.clear()
  }
}
