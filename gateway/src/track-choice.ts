import { type KnownRoute, type RouteTable, trackName } from '@causeway/registry'
import type { Sessions } from '@causeway/sessions'
import type { Logger } from '@causeway/telemetry'
import { TRACK_AGAIN_MS, TRACK_LOOK_MS, TRACK_WAIT_MS } from './limits.ts'
import type { GatewaySession } from './session.ts'

export interface TrackChoiceOptions {
  routes: RouteTable
  sessions: Pick<Sessions, 'catchUp'>
  logger: Logger
}

/**
 * Which track of a service a session's messages take, where that has several. The route table says the same for a session as long as shares and workers
 * stand; when it says otherwise, the session moves once nothing of it is unfinished on the track it leaves, so that no message overtakes another. A busy
 * session's next messages are held back for that, a moment.
 */
export class TrackChoice {
  readonly #options: TrackChoiceOptions
  /** Resumed sessions with messages to send, and the monotonic ms until which they wait. */
  readonly #settling = new Map<GatewaySession, number>()
  #looking: NodeJS.Timeout | undefined
  /** Sessions that went on though what they had under way elsewhere had not ended. */
  overdue = 0

  constructor(options: TrackChoiceOptions) {
    this.#options = options
  }

  /** As the log calls it. */
  of(session: GatewaySession, route: KnownRoute): string {
    const { service, tracks } = route
    if (tracks === undefined) return service
    const chosen = this.#options.routes.trackOf(route, session.id)
    const names = tracks.map(({ track }) => trackName(service, track))
    const held = session.tracks?.get(service) ?? underWay(session, names)
    return held !== undefined && held !== chosen && names.includes(held) && underWay(session, [held]) !== undefined ? held : chosen
  }

  /** The session's next messages to the service stay there while this one is unfinished. */
  take(session: GatewaySession, { service, tracks }: KnownRoute, track: string): void {
    if (tracks === undefined || tracks.length < 2) return
    session.tracks ??= new Map()
    session.tracks.set(service, track)
  }

  /**
   * Whether a message has to wait, so that it doesn't overtake others of its session; the session's owner is told when it may go on. It waits TRACK_WAIT_MS
   * at most: for messages that were under way when the session was resumed, on a track that only its former gateway knew; and for those that hold the session
   * on a track that it is to leave.
   */
  waits(session: GatewaySession, route: KnownRoute): boolean {
    const { service, tracks } = route
    if (tracks === undefined || tracks.length < 2) return false
    if (session.unsettledUpTo > 0 && session.tracks?.has(service) !== true) return this.#waitsForStore(session)
    if (this.of(session, route) === this.#options.routes.trackOf(route, session.id)) {
      session.leavesBy = 0
      return false
    }
    return this.#waitsToLeave(session)
  }

  #waitsForStore(session: GatewaySession): true {
    if (!this.#settling.has(session)) this.#settling.set(session, performance.now() + TRACK_WAIT_MS)
    this.#looking ??= setTimeout(() => void this.#look(), 0)
    return true
  }

  /** One that can't leave in time goes on where it is, and tries again later. */
  #waitsToLeave(session: GatewaySession): boolean {
    const now = performance.now()
    if (session.leavesBy !== 0 && now < session.leavesBy + TRACK_AGAIN_MS) return now < session.leavesBy
    session.leavesBy = now + TRACK_WAIT_MS
    setTimeout(() => session.owner?.windowOpened(), TRACK_WAIT_MS).unref()
    return true
  }

  async #look(): Promise<void> {
    const waiting = [...this.#settling.keys()]
    const above = Number.MAX_SAFE_INTEGER
    const queries = waiting.map(({ id: session, bucket, unsettledUpTo }) => ({ session, bucket, above, doneMark: unsettledUpTo - 1 }))
    try {
      const ended = new Set((await this.#options.sessions.catchUp(queries)).map(({ session }) => session))
      for (const session of waiting) if (ended.has(session.id)) this.#settled(session)
    } catch (error) {
      this.#options.logger.debug({ error: (error as Error).message }, 'what sessions have under way could not be asked; trying again')
    }
    const now = performance.now()
    for (const [session, until] of this.#settling) {
      if (session.owner === undefined) this.#settling.delete(session)
      else if (until <= now) {
        this.overdue++
        this.#settled(session)
      }
    }
    this.#looking = this.#settling.size === 0 ? undefined : setTimeout(() => void this.#look(), TRACK_LOOK_MS)
  }

  #settled(session: GatewaySession): void {
    this.#settling.delete(session)
    session.unsettledUpTo = 0
    session.owner?.windowOpened()
  }

  stop(): void {
    clearTimeout(this.#looking)
    this.#settling.clear()
  }
}

/** The track of the oldest message that is unfinished on one of these. */
function underWay({ pending }: GatewaySession, tracks: readonly string[]): string | undefined {
  for (const { service } of pending.values()) if (tracks.includes(service)) return service
  return undefined
}
